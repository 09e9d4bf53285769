"""What stands behind a mutation's `=` in `schema/`."""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from resolvers.changing.change import Answer
from tenancy.permissions import Permission

__all__ = ["Mutating", "Resolver", "mutation"]

Resolver = Callable[..., Answer]
"""Takes a `Change` and the input's fields as keywords."""


class Mutating(FieldExtension):
    """Which resolver a mutation runs, and what it needs. Resolves nothing itself: the pipeline finds it here."""

    def __init__(self, resolver: Resolver, input: type, *, needs: Permission, downstream: bool, alone: bool) -> None:
        self.resolver = resolver
        self.input = input
        self.needs = needs
        self.downstream = downstream
        self.alone = alone

    def apply(self, field: StrawberryField) -> None:
        """Give the field the three arguments that every mutation has."""
        field.arguments = [
            _argument("input", self.input, description="What is to be done."),
            _argument(
                "dry_run",
                bool,
                default=False,
                description="Do everything but keep it: the payload shows the world as it would be.",
            ),
            _argument(
                "idempotency_key",
                str | None,
                description="The same key with the same input is done once; later calls get the first answer. "
                "Up to 200 characters.",
            ),
        ]


def _argument(name: str, type_: Any, *, description: str, default: object = UNSET) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(type_),
        description=description,
        default=default,
    )


def mutation(
    resolver: Resolver, input: type, *, needs: Permission, downstream: bool = False, alone: bool = False
) -> Any:
    """A mutation: `resolver` with the fields of `input` as keywords, for whoever has the permission `needs`.

    `downstream`: its effect is on rows below the acting tenant too (delegation, creation), so its transaction may
    write there. `alone`: it changes the tree itself, so nobody else writes in it meanwhile (`ScopedSession`).
    """
    return strawberry.field(extensions=[Mutating(resolver, input, needs=needs, downstream=downstream, alone=alone)])
