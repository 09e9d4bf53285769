"""Which fields an operation asks of an object: fragments opened, fields of one name merged, skipped ones left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    is_abstract_type,
)

from resolvers.reading.inputs import Questions, directive_argument

__all__ = ["Selected", "Selections"]


@dataclass(frozen=True, slots=True)
class Selected:
    """One member of the response object: its key, and every place in the document that asks for it."""

    key: str
    nodes: tuple[FieldNode, ...]

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.nodes[0].name.value

    @property
    def sets(self) -> tuple[SelectionSetNode, ...]:
        """What is asked of the field's own value."""
        return tuple(node.selection_set for node in self.nodes if node.selection_set is not None)


class Selections:
    """Collects fields, asking for the values of `@skip` and `@include` where they are variables."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], questions: Questions
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._questions = questions

    def of(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> list[Selected]:
        """The fields asked of an object of this type, in the order of their first mention."""
        found: dict[str, list[FieldNode]] = {}
        opened: set[str] = set()
        for each in sets:
            self._collect(type_, each, found, opened)
        return [Selected(key, tuple(nodes)) for key, nodes in found.items()]

    def _collect(
        self, type_: GraphQLObjectType, wanted: SelectionSetNode, found: dict[str, list[FieldNode]], opened: set[str]
    ) -> None:
        for node in wanted.selections:
            if not self._included(node):
                continue
            match node:
                case FieldNode():
                    key = node.alias.value if node.alias else node.name.value
                    found.setdefault(key, []).append(node)
                case InlineFragmentNode():
                    condition = node.type_condition
                    if condition is None or self._applies(condition.name.value, type_):
                        self._collect(type_, node.selection_set, found, opened)
                case FragmentSpreadNode() if node.name.value not in opened:
                    opened.add(node.name.value)
                    fragment = self._fragments[node.name.value]
                    if self._applies(fragment.type_condition.name.value, type_):
                        self._collect(type_, fragment.selection_set, found, opened)

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        if condition == type_.name:
            return True
        named = self._schema.get_type(condition)
        return is_abstract_type(named) and self._schema.is_sub_type(named, type_)

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value == GraphQLSkipDirective.name:
                if directive_argument(self._questions, directive):
                    return False
            elif directive.name.value == GraphQLIncludeDirective.name and not directive_argument(
                self._questions, directive
            ):
                return False
        return True
