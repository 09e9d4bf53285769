"""The directives that declarations write into the schema."""

import strawberry
from strawberry.schema_directive import Location

__all__ = ["Cost", "ListSize", "Requires"]


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="Needs this permission; without it the field is null and `errors` says FORBIDDEN and the permission.",
)
class Requires:
    """The permission of a field."""

    permission: str


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.ARGUMENT_DEFINITION, Location.INPUT_FIELD_DEFINITION],
    description="Weight for the limits; the default is 0 for a scalar, 1 for an object.",
)
class Cost:
    """The weight of a field."""

    weight: int


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="Page size used for the cost when none is given."
)
class ListSize:
    """The assumed size of a list."""

    assumed_size: int | None = strawberry.UNSET
    slicing_arguments: list[str] | None = strawberry.UNSET
