"""Refusals of delegation."""

from domain.catalog.models import PlanState
from domain.shared.errors import InvalidState, KeyTaken, ReadOnlyDelegated
from tenancy.messages import Message

__all__ = [
    "AlreadyDelegated",
    "FieldIsUpstreams",
    "NotDelegated",
    "NotSoldAbove",
    "PlanNotActive",
    "PlanNotInactive",
    "PlanNotOwn",
]


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


class PlanNotInactive(InvalidState):
    """Only a plan that its own tenant stopped selling can be activated by it."""

    def __init__(self, state: PlanState) -> None:
        super().__init__(
            "A plan that is {state} cannot be activated; it must be INACTIVE.", state=state, path=("plan_id",)
        )


class PlanNotOwn(InvalidState):
    """A delegated plan is not copied."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "Plan {number} comes from the tenant above; only own plans are copied.", number=number, path=("plan_id",)
        )


class NotSoldAbove(InvalidState):
    """A copy is sold only while the plan above is."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "Plan {number} cannot be activated: the tenant above does not sell it.", number=number, path=("plan_id",)
        )


class NotDelegated(InvalidState):
    """The tenant has no copy that could be taken back."""

    def __init__(self, tenant: str, number: str, *, path: tuple[str | int, ...]) -> None:
        super().__init__("Plan {number} is not delegated to {tenant}.", number=number, tenant=tenant, path=path)


class FieldIsUpstreams(ReadOnlyDelegated):
    """A field that is synchronized: of a delegated copy from its origin, of a received plan from its vendor's."""

    def __init__(self, path: tuple[str | int, ...]) -> None:
        super().__init__(
            "{field} of a delegated plan comes from upstream and is changed only there.",
            path=path,
        )
