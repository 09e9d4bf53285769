"""Documents, parsed and validated once, and what is refused before anything runs."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    NonNullTypeNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import get_variable_values

from resolvers.reading.deprecations import Deprecation, Deprecations
from resolvers.reading.plans import Plans

__all__ = ["Document", "Documents", "Operation", "RequestErrors"]

MOST_DOCUMENTS = 1_000
MOST_TOKENS = 10_000
DEEPEST = 15
MOST_ALIASES = 30
MOST_MUTATIONS = 5


class RequestErrors(Exception):
    """The request is wrong; nothing was run."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = list(errors)


class Operation:
    """One operation of a document."""

    def __init__(self, schema: GraphQLSchema, document: "Document", node: OperationDefinitionNode) -> None:
        self.document = document
        self.node = node
        self.plans = Plans()
        self.deprecated: tuple[Deprecation, ...] = ()
        """What it uses that is to go."""
        self._schema = schema
        self.is_query = node.operation is OperationType.QUERY
        """Whether it changes nothing."""
        self.is_mutation = node.operation is OperationType.MUTATION
        """Whether it may change something."""
        self.name = None if node.name is None else node.name.value
        """Its name in the document."""
        self._definitions = node.variable_definitions or ()
        self._plain = {name: kind for each in self._definitions if (kind := _plain(each)) for name in [_name(each)]}
        self._quick = len(self._plain) == len(self._definitions)

    def coerced(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The variables as their types say. Raises RequestErrors."""
        if self._quick:
            for name, kind in self._plain.items():
                if not _fits(variables.get(name), kind):
                    break
            else:
                return variables
        found = get_variable_values(self._schema, self._definitions, dict(variables), max_errors=50)
        if isinstance(found, list):
            raise RequestErrors(found)
        return found.coerced


def _name(definition: VariableDefinitionNode) -> str:
    return definition.variable.name.value


def _plain(definition: VariableDefinitionNode) -> str | None:
    """The type of a variable that needs no coercion when the value is what it should be."""
    type_ = definition.type
    if definition.default_value is None and isinstance(type_, NonNullTypeNode):
        name = getattr(getattr(type_.type, "name", None), "value", None)
        return name if name in {"ID", "String", "Int"} else None
    return None


def _fits(value: Any, kind: str) -> bool:
    if kind == "Int":
        return type(value) is int and -(2**31) <= value < 2**31
    return type(value) is str


@dataclass(slots=True)
class Document:
    """A valid document."""

    node: DocumentNode
    fragments: dict[str, FragmentDefinitionNode]
    operations: dict[str | None, Operation]

    def operation(self, name: str | None) -> Operation:
        """The operation of this name, or the only one. Raises RequestErrors."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise RequestErrors([GraphQLError("Must provide operation name if query contains multiple operations.")])
        found = self.operations.get(name)
        if found is None:
            raise RequestErrors([GraphQLError(f"Unknown operation named '{name}'.")])
        return found


class Documents:
    """The documents used last."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool = True) -> None:
        self._schema = schema
        self._rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._known: OrderedDict[str, Document] = OrderedDict()
        self.deprecations = Deprecations(schema)

    def find(self, text: str) -> Document:
        """The parsed and validated document. Raises RequestErrors."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        document = self._read(text)
        self._known[text] = document  # its nodes hold the text anyway
        if len(self._known) > MOST_DOCUMENTS:
            self._known.popitem(last=False)
        return document

    def _read(self, text: str) -> Document:
        try:
            node = parse(text, max_tokens=MOST_TOKENS)
        except GraphQLError as error:
            raise RequestErrors([error]) from error
        except RecursionError as error:
            raise RequestErrors([GraphQLError("The document is nested too deeply.")]) from error
        errors = validate(self._schema, node, self._rules, max_errors=20)
        if errors:
            raise RequestErrors(errors)
        fragments = {each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)}
        document = Document(node, fragments, {})
        deprecated = self.deprecations.by_operation(node)
        for each in node.definitions:
            if isinstance(each, OperationDefinitionNode):
                _within_limits(each, fragments)
                operation = Operation(self._schema, document, each)
                operation.deprecated = deprecated.get(operation.name or "", ())
                document.operations[operation.name] = operation
        return document


@dataclass(slots=True)
class _Measure:
    fragments: Mapping[str, FragmentDefinitionNode]
    aliases: int = 0

    def take(self, wanted: SelectionSetNode, depth: int, *, step: int = 1) -> None:
        """Count aliases and depth; a fragment counts wherever it is spread. `step`: what a level adds to the depth."""
        for node in wanted.selections:
            match node:
                case FieldNode():
                    # What tools ask of the schema is deeper than any query; a rule of validation limits that.
                    inside = 0 if node.name.value.startswith("__") else step
                    self.aliases += node.alias is not None
                    if node.selection_set is not None:
                        self._deeper(node.selection_set, depth + inside, inside)
                case InlineFragmentNode():
                    self._deeper(node.selection_set, depth, step)
                case FragmentSpreadNode():
                    self._deeper(self.fragments[node.name.value].selection_set, depth, step)

    def _deeper(self, wanted: SelectionSetNode, depth: int, step: int) -> None:
        if self.aliases > MOST_ALIASES:
            raise _refused("aliases", MOST_ALIASES, self.aliases)
        if depth > DEEPEST:
            raise _refused("levels", DEEPEST, depth)
        self.take(wanted, depth, step=step)


def _within_limits(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
    measure = _Measure(fragments)
    measure.take(operation.selection_set, 1)
    if measure.aliases > MOST_ALIASES:
        raise _refused("aliases", MOST_ALIASES, measure.aliases)
    if operation.operation is OperationType.MUTATION:
        mutations = len(operation.selection_set.selections)
        if mutations > MOST_MUTATIONS:
            raise _refused("mutations", MOST_MUTATIONS, mutations)


def _refused(what: str, limit: int, amount: int) -> RequestErrors:
    error = GraphQLError(
        f"An operation may have {limit} {what}; this one has {amount} or more.",
        extensions={"code": "LIMIT_EXCEEDED", "limit": limit, "amount": amount},
    )
    return RequestErrors([error])
