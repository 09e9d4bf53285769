"""Refusals of this area."""

from domain.shared.errors import ErrorCode, ErrorKind, Refusal

__all__ = ["AgreementRequired", "OnlyForTheOwner"]


class OnlyForTheOwner(Refusal):
    """A user asks for what only the owner of its account does."""

    kind = ErrorKind.DENIED
    code = ErrorCode.FORBIDDEN

    def __init__(self, *path: str | int) -> None:
        super().__init__("Only the account's OWNER may do this.", path=path)


class AgreementRequired(Refusal):
    """The user has not accepted what its seller asks customers to accept."""

    kind = ErrorKind.CONFLICT
    code = ErrorCode.AGREEMENT_REQUIRED

    def __init__(self, *, title: str, version: int) -> None:
        super().__init__("{title} (version {version}) has to be accepted first.", title=title, version=version)
