"""Refusals of the catalog."""

from domain.shared.errors import KeyTaken, Stale

__all__ = ["PlanStale", "ServiceTermKeyTaken"]


class PlanStale(Stale):
    """The plan has another version than the client knows."""

    def __init__(self, expected: int, version: int) -> None:
        super().__init__(f"The plan has changed: it is at version {version}, not {expected}.", path=("if_version",))


class ServiceTermKeyTaken(KeyTaken):
    """A tenant of the same chain has a service term with this key."""

    def __init__(self, key: str, owner: str, where: str) -> None:
        super().__init__(f"The key {key} is taken: {owner}{where} has a service term with it.", path=("key",))
