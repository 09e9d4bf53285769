"""Arguments as the compiler sees them: it may look at a variable only by asking, and what it asked is the plan's key.

A plan is good for every request that gives the same answers. So the compiler asks for as little as it can: whether a
value is there, which keys an object has, how long a list is; the values themselves are bound when the plan runs.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputType,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)
from graphql.pyutils import Undefined
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

__all__ = ["Argument", "Question", "Questions", "arguments", "directive_argument"]

Variables: TypeAlias = Mapping[str, Any]
Step: TypeAlias = str | int


def _frozen(value: Any) -> Hashable:
    match value:
        case dict():
            return tuple((key, _frozen(item)) for key, item in value.items())
        case list() | tuple():
            return tuple(_frozen(item) for item in value)
        case _:
            return value  # type: ignore[no-any-return]


def _given(value: Any) -> bool:
    return value is not None and value is not Undefined


ASPECTS: dict[str, Callable[[Any], Hashable]] = {
    "given": _given,
    "keys": lambda value: tuple(key for key, item in value.items() if _given(item)),
    "is_null": lambda value: value is None,
    "length": len,
    "value": _frozen,
}
"""What may be asked of a value that is there."""


@dataclass(frozen=True, slots=True)
class Question:
    """One aspect of one variable, or of a place inside it."""

    aspect: str
    path: tuple[Step, ...]
    among: tuple[str, ...] = ()
    """The answers that matter, of the prefix of an id; any other is the empty one."""

    def answer(self, variables: Variables) -> Hashable:
        """What these variables say."""
        value = _walk(variables, self.path)
        if self.aspect == "prefix":
            return _prefix(value, self.among)
        if self.aspect == "prefixes":
            return tuple(sorted({_prefix(item, self.among) for item in value}))
        return ASPECTS[self.aspect](value)


def _prefix(id: str, among: tuple[str, ...]) -> str:
    prefix = id.partition("_")[0]
    return prefix if prefix in among else ""


def _walk(value: Any, path: tuple[Step, ...]) -> Any:
    for step in path:
        if not isinstance(step, str):
            value = value[step]
        elif _given(value):
            value = value.get(step, Undefined)
        else:
            return Undefined
    return value


class Questions:
    """The variables of the request that a plan is compiled for, and what was asked of them, in order."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._answers: dict[Question, Hashable] = {}

    def ask(self, question: Question) -> Any:
        """The answer; a question is kept once."""
        if question not in self._answers:
            self._answers[question] = question.answer(self._variables)
        return self._answers[question]

    @property
    def asked(self) -> list[tuple[Question, Hashable]]:
        """Every question with its answer."""
        return list(self._answers.items())


@dataclass(frozen=True, slots=True)
class Argument:
    """A value of the document: a constant, a variable or a place in one, or an object or list of such."""

    questions: Questions
    content: Any
    """The constant, a dict or list of arguments when `composed`, or the path of a variable."""
    kind: str

    @classmethod
    def constant(cls, questions: Questions, value: Any) -> "Argument":
        """A value that stands in the document or the schema."""
        return cls(questions, value, "constant")

    def _asked(self, aspect: str) -> Any:
        if self.kind == "variable":
            return self.questions.ask(Question(aspect, self.content))
        return ASPECTS[aspect](self.content)

    @property
    def given(self) -> bool:
        """Whether there is a value: neither left out nor null."""
        return bool(self._asked("given"))

    def fields(self) -> dict[str, "Argument"]:
        """The members of an object that have a value."""
        match self.kind:
            case "composed":
                return {key: item for key, item in self.content.items() if item.given}
            case "variable":
                return {key: self._at(key) for key in self._asked("keys")}
            case _:
                return {
                    key: Argument.constant(self.questions, item) for key, item in self.content.items() if _given(item)
                }

    def items(self) -> list["Argument"]:
        """The members of a list."""
        match self.kind:
            case "composed":
                return list(self.content)
            case "variable":
                return [self._at(index) for index in range(self._asked("length"))]
            case _:
                return [Argument.constant(self.questions, item) for item in self.content]

    def exact(self) -> Any:
        """The value itself: the plan is good for this value only."""
        if self.kind != "composed":
            return self._asked("value")
        if isinstance(self.content, dict):
            return tuple((key, item.exact()) for key, item in self.content.items() if item.given)
        return tuple(item.exact() for item in self.content)

    def prefix(self, among: tuple[str, ...]) -> str:
        """What stands before the first underscore of an id, when it is one of these; else nothing."""
        if self.kind == "variable":
            return str(self.questions.ask(Question("prefix", self.content, among)))
        return _prefix(self.content, among)

    def prefixes(self, among: tuple[str, ...]) -> tuple[str, ...]:
        """The different prefixes of a list's ids."""
        if self.kind == "variable":
            return tuple(self.questions.ask(Question("prefixes", self.content, among)))
        return tuple(sorted({item.prefix(among) for item in self.items()}))

    def read(self, variables: Variables) -> Any:
        """The value in one request."""
        match self.kind:
            case "variable":
                return _walk(variables, self.content)
            case "composed" if isinstance(self.content, dict):
                return {key: item.read(variables) for key, item in self.content.items()}
            case "composed":
                return [item.read(variables) for item in self.content]
            case _:
                return self.content

    def _at(self, step: Step) -> "Argument":
        return Argument(self.questions, (*self.content, step), "variable")


def arguments(questions: Questions, definition: GraphQLField, node: FieldNode) -> dict[str, Argument]:
    """The arguments of a field that have a value, defaults included."""
    nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
    found = {name: _argument(questions, argument, nodes.get(name)) for name, argument in definition.args.items()}
    return {name: argument for name, argument in found.items() if argument is not None and argument.given}


def _argument(
    questions: Questions, definition: GraphQLArgument | GraphQLInputField, node: ValueNode | None
) -> Argument | None:
    if node is not None:
        argument = _value(questions, definition.type, node)
        if not isinstance(node, VariableNode) or _is_there(argument):
            return argument
    default = coerce_default_value(definition)
    return None if default is Undefined else Argument.constant(questions, default)


def _is_there(argument: Argument) -> bool:
    """Whether a variable has a value or an explicit null; else the default counts."""
    return bool(argument.given or argument.questions.ask(Question("is_null", argument.content)))


def _value(questions: Questions, type_: GraphQLInputType, node: ValueNode) -> Argument:
    if isinstance(node, VariableNode):
        return Argument(questions, (node.name.value,), "variable")
    if not _has_variables(node):
        return Argument.constant(questions, coerce_input_literal(node, type_))
    inner: Any = type_.of_type if is_non_null_type(type_) else type_
    if is_list_type(inner):
        nodes = node.values if isinstance(node, ListValueNode) else [node]
        return Argument(questions, [_value(questions, inner.of_type, item) for item in nodes], "composed")
    assert isinstance(node, ObjectValueNode)
    object_type = get_named_type(inner)
    assert is_input_object_type(object_type)
    nodes_by_name = {field.name.value: field.value for field in node.fields}
    fields = {name: _argument(questions, field, nodes_by_name.get(name)) for name, field in object_type.fields.items()}
    return Argument(questions, {name: field for name, field in fields.items() if field is not None}, "composed")


def _has_variables(node: ValueNode) -> bool:
    match node:
        case VariableNode():
            return True
        case ListValueNode():
            return any(_has_variables(item) for item in node.values)
        case ObjectValueNode():
            return any(_has_variables(field.value) for field in node.fields)
        case _:
            return False


def directive_argument(questions: Questions, directive: DirectiveNode) -> bool:
    """The `if` of a `@skip` or `@include`: the plan is good for this value only."""
    value = directive.arguments[0].value if directive.arguments else BooleanValueNode(value=False)
    return bool(_value(questions, GraphQLNonNull(GraphQLBoolean), value).exact())
