"""Refusals of delegation."""

from domain.catalog.models import PlanState
from domain.shared.errors import InvalidState, KeyTaken, ReadOnlyDelegated
from tenancy.messages import Message

__all__ = ["AlreadyDelegated", "FieldIsUpstreams", "PlanNotActive"]


class AlreadyDelegated(KeyTaken):
    """The tenant has a copy of this plan."""

    def __init__(self, tenant: str, number: str, *, path: tuple[str | int, ...]) -> None:
        super().__init__("{tenant} has a copy of this plan already: {number}.", tenant=tenant, number=number, path=path)


class PlanNotActive(InvalidState):
    """Only an active plan can be delegated or deactivated."""

    def __init__(self, operation: Message, state: PlanState) -> None:
        super().__init__(
            "A plan that is {state} cannot be {operation}; it must be ACTIVE.",
            state=state,
            operation=operation,
            path=("plan_id",),
        )


class FieldIsUpstreams(ReadOnlyDelegated):
    """A delegated copy's field is synchronized from its origin."""

    def __init__(self, path: tuple[str | int, ...]) -> None:
        super().__init__(
            "{field} of a delegated plan comes from the tenant above and is changed only there.",
            path=path,
        )
