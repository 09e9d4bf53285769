"""Refusals of this area."""

from domain.shared.errors import ErrorCode, ErrorKind, Refusal

__all__ = ["OnlyForTheOwner"]


class OnlyForTheOwner(Refusal):
    """A user asks for what only the owner of its account does."""

    kind = ErrorKind.DENIED
    code = ErrorCode.FORBIDDEN

    def __init__(self, *path: str | int) -> None:
        super().__init__("Only the account's OWNER may do this.", path=path)
