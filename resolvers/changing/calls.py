"""One call of a mutation, and who makes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from graphql import FieldNode, FragmentSpreadNode, GraphQLField, InlineFragmentNode

from domain.audit.about import about_mutation
from domain.shared.errors import ErrorCode, Refusal
from resolvers.changing.answers import Outcome
from resolvers.changing.audit import Audited
from resolvers.changing.declaration import ANY_MUTATION, Mutating, codes_told
from resolvers.changing.idempotency import BadKey
from resolvers.reading import Viewer
from resolvers.reading.documents import Operation
from resolvers.reading.selections import Selected
from tenancy.scope import Scope
from tenancy.tokens import NOBODY, Identity

__all__ = ["Call", "Nobody", "Who", "declaration_of", "root_names"]


class Who(Protocol):
    """Who changes something."""

    @property
    def identity(self) -> Identity:
        """The token's holder."""

    @property
    def scope(self) -> Scope:
        """The acting tenant's."""

    @property
    def acted_as(self) -> UUID | None:
        """The tenant acted as by somebody else."""

    @property
    def viewer(self) -> Viewer:
        """The same for the reading engine."""


class Nobody:
    """Whoever calls an open mutation."""

    identity = NOBODY
    scope = NOBODY.scope
    acted_as: UUID | None = None
    viewer = Viewer.of(NOBODY)


@dataclass(frozen=True, slots=True)
class Call:
    """One mutation of a request."""

    who: Who
    operation: Operation
    variables: Mapping[str, Any]
    selected: Selected
    declaration: Mutating
    input: Mapping[str, Any]
    """As GraphQL coerced it."""
    input_type: Any
    dry_run: bool
    key: str | None
    request_id: str | None
    address: str | None
    description: str
    """What partners read of the mutation."""

    def tells_of(self, refusal: Refusal) -> bool:
        """Whether partners were told that the mutation may answer so."""
        of_nobody = refusal.code is ErrorCode.NOT_FOUND and self.who.scope.distributor_id is None
        of_any = of_nobody or isinstance(refusal, BadKey) or refusal.code in ANY_MUTATION
        return of_any or refusal.code in codes_told(self.description)

    @property
    def scope(self) -> Scope:
        """What the resolver works in; for a customer's user, its seller's."""
        scope = self.who.scope.as_seller()
        return scope.writing_downstream() if self.declaration.downstream else scope

    @property
    def is_keyed(self) -> bool:
        """Whether an idempotencyKey is to be remembered."""
        return self.key is not None and not self.dry_run and self.declaration.keeps_keys

    @property
    def about(self) -> Mapping[str, str | None]:
        """Who does what, for the audit log."""
        return about_mutation(
            self.selected.name, self.who.viewer.actor, acted_as_id=self.who.acted_as, request_id=self.request_id
        )

    def audited(self, outcome: Outcome | None) -> Audited:
        """The call for the record."""
        became = None if outcome is None else outcome.became
        return Audited(
            mutation=self.selected.name,
            input=self.declaration.without_secrets(self.input),
            identity=became or self.who.identity,
            scope=became.scope if became else self.who.scope,
            acted_as=self.who.acted_as,
            dry_run=self.dry_run,
            key=self.key,
            request_id=self.request_id,
            address=self.address,
            outcome=outcome,
        )


def declaration_of(definition: GraphQLField) -> Mutating:
    """What `schema/` says of a mutation."""
    extensions = definition.extensions["strawberry-definition"].extensions
    return next(each for each in extensions if isinstance(each, Mutating))


def root_names(operation: Operation) -> set[str]:
    """All fields that an operation may ask of its root, whatever its variables say."""
    names: set[str] = set()
    waiting = [operation.node.selection_set]
    while waiting:
        for each in waiting.pop().selections:
            match each:
                case FieldNode():
                    names.add(each.name.value)
                case FragmentSpreadNode():
                    waiting.append(operation.document.fragments[each.name.value].selection_set)
                case InlineFragmentNode():
                    waiting.append(each.selection_set)
    return names
