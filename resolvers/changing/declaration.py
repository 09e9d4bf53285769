"""What stands behind a mutation's `=` in `schema/`, and what the text below it says."""

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from domain.shared.errors import ErrorCode
from resolvers.changing.change import Answer, Before
from tenancy.permissions import Permission

__all__ = ["ANY_MUTATION", "Beforehand", "Mutating", "Resolver", "codes_told", "mutation", "open_mutation"]

Resolver = Callable[..., Answer]
"""Takes a `Change` and the input's fields as keywords."""
Beforehand = Callable[[Before], dict[str, Any]]
"""What is done before a mutation's transaction, such as hashing a password; answers the resolver's keywords."""


class Mutating(FieldExtension):
    """Which resolver a mutation runs, and what it needs. Resolves nothing itself: the pipeline finds it here."""

    def __init__(
        self,
        resolver: Resolver,
        input: type,
        *,
        needs: Permission | None,
        downstream: bool = False,
        alone: bool = False,
        customers: bool = False,
        is_open: bool = False,
        beforehand: Beforehand | None = None,
        secrets: Collection[str] = (),
    ) -> None:
        self.resolver = resolver
        self.input = input
        self.needs = needs
        self.downstream = downstream
        self.alone = alone
        self.customers = customers
        self.is_open = is_open
        self.beforehand = beforehand
        self.secrets = frozenset(secrets)

    @property
    def keeps_keys(self) -> bool:
        """Whether an idempotencyKey is remembered: not nobody's, and not beside a secret, of which it would keep a
        digest that is quickly guessed from.
        """
        return not (self.is_open or self.secrets)

    def without_secrets(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """The input as it may be written down."""
        return {name: "…" if name in self.secrets else value for name, value in input.items()}

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


ANY_MUTATION = frozenset({ErrorCode.FORBIDDEN, ErrorCode.IDEMPOTENCY_MISMATCH, ErrorCode.IN_PROGRESS})
"""Codes that `Mutation` tells of for all of them."""


@lru_cache(1_000)
def codes_told(description: str) -> frozenset[ErrorCode]:
    """The codes that a mutation's description tells partners of, after `Codes:`: its declaration of them."""
    _, _, told = description.partition("Codes:")
    return frozenset(ErrorCode(word) for word in re.findall(r"\b[A-Z_]{5,}\b", told) if word in ErrorCode.__members__)


def _argument(name: str, type_: Any, *, description: str, default: object = UNSET) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(type_),
        description=description,
        default=default,
    )


def mutation(
    resolver: Resolver,
    input: type,
    *,
    needs: Permission | None,
    downstream: bool = False,
    alone: bool = False,
    customers: bool = False,
    beforehand: Beforehand | None = None,
    secrets: Collection[str] = (),
) -> Any:
    """A mutation: `resolver` with the fields of `input` as keywords, for whoever has the permission `needs`.

    `needs` None: for whoever holds a token. `downstream`: its effect is on rows below the acting tenant too
    (delegation, creation), so its transaction may write there. `alone`: it changes the tree itself, so nobody else
    writes in it meanwhile (`ScopedSession`). `customers`: users of customers may call it too, with this permission and
    for rows that they see; it refuses whatever else its input could ask of their seller. `beforehand`: what takes long
    and needs no transaction. `secrets`: the input's fields, by GraphQL's names, that are written down nowhere.
    """
    return _field(
        resolver,
        input,
        needs=needs,
        downstream=downstream,
        alone=alone,
        customers=customers or needs is None,
        beforehand=beforehand,
        secrets=secrets,
    )


def open_mutation(
    resolver: Resolver, input: type, *, beforehand: Beforehand | None = None, secrets: Collection[str] = ()
) -> Any:
    """A mutation for everybody, with or without a token: whoever calls it is nobody, sees nothing and writes nothing.

    Its resolver finds out by the input for whom it may act, and narrows the session to that (`session.act_as`). Calls
    are counted by address. It knows neither idempotency keys nor Headwater-Act-As.
    """
    return _field(resolver, input, needs=None, is_open=True, beforehand=beforehand, secrets=secrets)


def _field(resolver: Resolver, input: type, **options: Any) -> Any:
    return strawberry.field(extensions=[Mutating(resolver, input, **options)])
