"""The checker: asks everything as everybody, and says where somebody learns of what belongs to others."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLInputObjectType, get_named_type

from db import ids
from resolvers.reading.catalog import Catalog
from tenancy.scope import SEGMENT, Scope
from tests.changing.documents import MUTATIONS, document_of, input_type_of
from tests.isolation.ground import USERS, VIEWERS, Known, sees
from tests.isolation.probes import (
    Asked,
    Place,
    argument_kind,
    deep,
    id_leaves,
    moved_cursor,
    places,
    unknown_like,
)

__all__ = ["EVERYBODY", "FEW", "Checker", "Report"]

Answer = dict[str, Any]
Ask = Callable[[str, str, Mapping[str, Any]], Answer]
"""Who, which document, which variables."""
EVERYBODY = (*VIEWERS, *USERS)
FEW = ("sibling", "user")
"""A reseller beside the one that has everything, and a customer's user who sees little of it."""
UNKNOWN_WORD = "zq00qz"
PAYLOAD = 'renameTenant(dryRun: true, input: {tenantId: "rsl_", name: "-"})'
"""A mutation that is refused, for the `query` in its payload."""


@dataclass
class Report:
    """What was asked, and what leaked."""

    fields: set[str] = field(default_factory=set)
    arguments: set[str] = field(default_factory=set)
    mutations: set[str] = field(default_factory=set)
    viewers: set[str] = field(default_factory=set)
    questions: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)

    def leak(self, text: str) -> None:
        self.leaks.append(text)

    def __str__(self) -> str:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.questions.items()))
        lines = [
            f"{len(self.fields)} fields, {len(self.arguments)} arguments that name something",
            f"{len(self.mutations)} mutations, {len(self.viewers)} viewers",
            f"{sum(self.questions.values()):,} questions: {kinds}",
            f"{len(self.leaks)} leaks",
            *self.leaks[:20],
        ]
        return "\n".join(lines)


@dataclass
class Checker:
    """One database, everybody in it, and the two ways to ask."""

    catalog: Catalog
    rows: list[Known]
    scopes: Mapping[str, Scope]
    read: Ask
    change: Ask
    digest: Callable[[], object]
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    viewers: Sequence[str] = EVERYBODY
    """As whom fields and mutations are asked."""
    report: Report = field(default_factory=Report)

    # Who sees what

    def sees(self, who: str, row: Known) -> bool:
        """Whether this viewer may see the row."""
        return sees(self.scopes[who], row.path, inherited=row.inherited, account=row.account)

    def foreign(self, who: str) -> list[Known]:
        """Rows that this viewer may not know of: of each kind one from above, one from aside, one of strangers."""
        chosen: dict[tuple[str, str], Known] = {}
        for row in self.rows:
            if not self.sees(who, row):
                chosen.setdefault((row.prefix, self._from_where(who, row.path)), row)
        return list(chosen.values())

    def _from_where(self, who: str, path: str) -> str:
        place = self.scopes[who].path
        if place.startswith(path):
            return "above"
        return "aside" if place[:SEGMENT] == path[:SEGMENT] else "a stranger"

    def own(self, who: str) -> list[Known]:
        """Rows that it sees, one of each kind and owner."""
        chosen: dict[tuple[str, str], Known] = {}
        for row in self.rows:
            if self.sees(who, row):
                chosen.setdefault((row.prefix, row.path), row)
        return list(chosen.values())

    def secrets(self, who: str) -> set[str]:
        """Texts that no answer to this viewer may hold: ids of rows that it may not know of, and others' marks.

        The ids of tenants and plans above are none: `TenantRef` and `PlanRef` tell them, with a name and nothing else.
        """
        scope = self.scopes[who]
        hidden = {
            row.id.partition("_")[2]
            for row in self.rows
            if not sees(
                scope, row.path, inherited=row.inherited or row.prefix in {"dst", "rsl", "pln"}, account=row.account
            )
        }
        hidden |= {mark for path, of in self.marks.items() if not sees(scope, path) for mark in of}
        if scope.customer is not None:
            # Of its own seller a customer knows names and prices, not what they cost the seller.
            _, net, _, owed, level, percent, margin = self.marks[scope.path]
            hidden |= {net, owed, level, percent, margin}
        return hidden

    def look_through(self, who: str, what: str, answer: Answer, given: Iterable[str] = ()) -> None:
        """Whether an answer holds a secret that the question did not."""
        text = json.dumps(answer)
        asked = " ".join(given)
        for secret in self._secrets(who):
            if secret in text and secret not in asked:
                self.report.leak(f"{who} learns {secret} from {what}")
                return

    def _secrets(self, who: str) -> set[str]:
        known: dict[str, set[str]] = self.__dict__.setdefault("_kept", {})
        if who not in known:
            known[who] = self.secrets(who)
        return known[who]

    # Questions

    def compare(self, who: str, kind: str, asked: Asked, ask: Ask) -> None:
        """The answer to what belongs to others must be the one to what is not there."""
        self.report.questions[kind] += 1
        foreign = ask(who, asked.document, asked.foreign)
        unknown = ask(who, asked.document, asked.unknown)
        plain = _plain(foreign, asked.foreign), _plain(unknown, asked.unknown)
        if plain[0] != plain[1]:
            self.report.leak(f"{who} can tell {asked.what}: {plain[0]} instead of {plain[1]}"[:600])
        self.look_through(who, asked.what, foreign, [json.dumps(asked.foreign)])

    def ask_fields(self) -> None:
        """Every field that takes arguments, as every viewer, with everything that belongs to others."""
        for place in places(self.catalog.schema):
            self.report.fields.add(place.name)
            for name, argument in place.field.args.items():
                kind = argument_kind(name, argument.type)
                if kind != "harmless":
                    self.report.arguments.add(f"{place.name}({name}:)")
                for who in self.viewers:
                    self.report.viewers.add(who)
                    for asked in self._questions(who, place, name, argument, kind):
                        self.compare(who, kind, asked, self.read)
                        if place.at_root and kind == "id":
                            self.compare(who, "inside payloads", _inside_payload(asked), self.change)

    def _questions(self, who: str, place: Place, name: str, argument: Any, kind: str) -> Iterator[Asked]:
        named = get_named_type(place.field.type)
        many = "[" in str(argument.type)
        foreign = self.foreign(who)
        own = None if place.at_root else self._own_of(who, place.type_name)
        if not place.at_root and own is None:
            return
        base = {} if own is None else {"own": own.id}
        scope = "scope: ALL, " if "scope" in place.field.args else ""
        below = "{ __typename }" if kind == "id" else "{ nodes { __typename ... on Node { id } } }"
        what = f"{place.name}({name}:)"
        if kind == "id":
            prefixes = {target.reads.prefix for target in self.catalog.targets(named)} | {None}
            wanted = [row for row in foreign if named.name == "Node" or row.prefix in prefixes]
            document = place.document(f"{name}: $x", f"$x: {argument.type}", below)
            if many:
                wanted_ids = [row.id for row in wanted]
                yield Asked(
                    what, document, base | {"x": wanted_ids}, base | {"x": [unknown_like(id) for id in wanted_ids]}
                )
                return
            for row in wanted:
                yield Asked(f"{what} {row.prefix}", document, base | {"x": row.id}, base | {"x": unknown_like(row.id)})
        elif kind == "filter":
            assert isinstance(argument.type, GraphQLInputObjectType)
            document = place.document(f"{scope}{name}: $x", f"$x: {argument.type}", below)
            for part, given, unknown in self._conditions(who, argument.type, foreign):
                self.report.arguments.add(f"{argument.type.name}.{part}")
                yield Asked(f"{what} {part}", document, base | {"x": given}, base | {"x": unknown})
        elif kind == "search":
            document = place.document(f"{scope}{name}: $x", "$x: String!", below)
            for word in self._words(who):
                yield Asked(what, document, base | {"x": word}, base | {"x": UNKNOWN_WORD})
        elif kind == "cursor":
            document = place.document(f"{scope}first: 100, {name}: $x", "$x: String!", below)
            document = document.replace("first: 100", "last: 100") if name == "before" else document
            for cursor in self._cursors(who, place):
                yield Asked(what, document, base | {"x": cursor}, base | {"x": moved_cursor(cursor)})

    def _conditions(
        self, who: str, type_: GraphQLInputObjectType, foreign: list[Known]
    ) -> Iterator[tuple[str, Answer, Answer]]:
        for name, each in type_.fields.items():
            operators = get_named_type(each.type)
            if name in {"and", "or", "not"} or not isinstance(operators, GraphQLInputObjectType):
                continue
            if not operators.fields.keys() & {"eq", "in"}:  # a filter of rows that refer here
                for part, theirs, nobodys in self._conditions(who, operators, foreign):
                    yield f"{name}.{part}", {name: theirs}, {name: nobodys}
            elif operators.name == "IDFilter":
                # Whom one owes something is no secret: a tenant's id is known below it.
                named = [row for row in foreign if row.prefix not in {"dst", "rsl"} or not self._is_above(who, row)]
                given = [row.id for row in named]
                unknown = [unknown_like(id) for id in given]
                yield name, {name: {"in": given}}, {name: {"in": unknown}}
                for row in named[:: max(1, len(named) // 4)]:
                    yield name, {name: {"eq": row.id}}, {name: {"eq": unknown_like(row.id)}}
                    yield name, {"not": {name: {"eq": row.id}}}, {"not": {name: {"eq": unknown_like(row.id)}}}
            elif operators.name == "StringFilter":
                for word in self._words(who):
                    yield name, {name: {"contains": word}}, {name: {"contains": UNKNOWN_WORD}}
                    yield name, {name: {"startsWith": word}}, {name: {"startsWith": UNKNOWN_WORD}}

    def _is_above(self, who: str, row: Known) -> bool:
        return self._from_where(who, row.path) == "above"

    def _words(self, who: str) -> list[str]:
        words = {
            self._from_where(who, path): of[0] for path, of in self.marks.items() if not sees(self.scopes[who], path)
        }
        return list(words.values())

    def _own_of(self, who: str, type_name: str) -> Known | None:
        type_ = self.catalog.schema.type_map[type_name]
        reads = self.catalog.reads(type_)
        prefix = None if reads is None else reads.prefix
        return next((row for row in self.own(who) if row.prefix == prefix), None)

    def _cursors(self, who: str, place: Place) -> Iterator[str]:
        """Cursors that others got from the same field, of rows that this viewer may not know of."""
        below = "{ edges { cursor node { __typename ... on Node { id } } } }"
        scope = "scope: ALL" if "scope" in place.field.args else ""
        document = place.document(scope, "", below)
        hidden = {row.id for row in self.rows if not self.sees(who, row)}
        for other in ("distributor", "sibling", "other distributor"):
            own = None if place.at_root else self._own_of(other, place.type_name)
            if not place.at_root and own is None:
                continue
            answer = self.read(other, document, {} if own is None else {"own": own.id})
            data = answer.get("data") or {}
            asked = data.get("asked") or (data.get("node") or {}).get("asked") or {"edges": []}
            theirs = [edge["cursor"] for edge in asked["edges"] if edge["node"].get("id") in hidden]
            yield from theirs[:1]

    # Everything that one sees

    def look_around(self) -> None:
        """Everything that everybody may see, three levels deep: nothing in it is others'."""
        schema = self.catalog.schema
        assert schema.query_type is not None
        types = {
            reads.prefix: type_
            for type_ in schema.type_map.values()
            if (reads := self.catalog.reads(type_)) is not None and reads.prefix is not None
        }
        for who in EVERYBODY:
            self.report.viewers.add(who)
            for name, each in schema.query_type.fields.items():
                named = get_named_type(each.type)
                if named.name.endswith("Connection"):
                    node = get_named_type(named.fields["nodes"].type)
                    given = "first: 5, scope: ALL" if "scope" in each.args else "first: 5"
                    below = f"{{ nodes {deep(self.catalog, node, 2)} totalCount {{ value }} }}"
                    self._look(who, f"Query.{name}", f"{{ {name}({given}) {below} }}", {})
            for row in self.own(who):
                type_ = types[row.prefix]
                below = f"{{ ... on {type_.name} {deep(self.catalog, type_, 3)} }}"
                self._look(who, type_.name, f"query ($id: ID!) {{ node(id: $id) {below} }}", {"id": row.id})

    def _look(self, who: str, what: str, document: str, variables: Mapping[str, Any]) -> None:
        self.report.fields.add(what)
        self.report.questions["looks"] += 1
        answer = self.read(who, document, variables)
        wrong = [error for error in answer.get("errors", []) if error.get("extensions", {}).get("code") != "FORBIDDEN"]
        if wrong:
            self.report.leak(f"{what} cannot be asked by {who}: {wrong[0]}"[:400])
        self.look_through(who, what, answer, [json.dumps(variables)])

    # Mutations

    def ask_mutations(self, samples: Mapping[str, tuple[str, Answer]], twins: Mapping[str, Answer]) -> None:
        """Every id in every mutation's input, replaced by others'; and the whole input as sent by somebody else.

        `samples`: who sends what. `twins`: the same input in the other distributor's ids.
        """
        for mutation in MUTATIONS:
            self.ask_mutation(mutation, *samples[mutation], twins[mutation])

    def ask_mutation(self, mutation: str, owner: str, input: Answer, twin: Answer) -> None:
        """The same for one mutation."""
        before = self.digest()
        self.report.mutations.add(mutation)
        type_ = input_type_of(mutation)
        for path, coordinate, id in id_leaves(type_, input):
            self.report.arguments.add(coordinate)
            if owner in {"operator", "nobody"}:
                continue
            prefix = ids.decode(id)[0]
            for row in self.foreign(owner):
                if row.prefix == prefix or (prefix in {"dst", "rsl"} and row.prefix in {"dst", "rsl"}):
                    self._compare_inputs(owner, mutation, coordinate, _with(input, path, row.id), (path,))
        for who in self.viewers:
            self.report.viewers.add(who)
            for sent in (input, twin):
                hidden = [path for path, _, id in id_leaves(type_, sent) if not self._sees_id(who, id)]
                if hidden:
                    self._compare_inputs(who, mutation, "the whole input", sent, hidden)
        if self.digest() != before:
            self.report.leak(f"{mutation} changed something for whoever may not")

    def _sees_id(self, who: str, id: str) -> bool:
        known: dict[str, Known] = self.__dict__.setdefault("_by_id", {row.id: row for row in self.rows})
        row = known[id]
        return self.sees(who, row)

    def _compare_inputs(self, who: str, mutation: str, what: str, foreign: Answer, paths: Iterable[Any]) -> None:
        unknown = foreign
        for path in paths:
            unknown = _with(unknown, path, unknown_like(_at(foreign, path)))
        asked = Asked(f"{mutation}, {what}", document_of(mutation, 1), {"input": foreign}, {"input": unknown})
        self.compare(who, "mutations", asked, self.change)


def _inside_payload(asked: Asked) -> Asked:
    """The same, asked of the `query` in a mutation's payload."""
    head, brace, rest = asked.document.partition("{")
    document = f"mutation{head.removeprefix('query')}{brace} {PAYLOAD} {{ query {{{rest} }} }}"
    return Asked(f"{asked.what} inside a payload", document, asked.foreign, asked.unknown)


def _with(value: Any, path: tuple[Any, ...], leaf: str) -> Any:
    if not path:
        return leaf
    step, *rest = path
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[step] = _with(value[step], tuple(rest), leaf)
    return copy


def _at(value: Any, path: tuple[Any, ...]) -> str:
    for step in path:
        value = value[step]
    return str(value)


def _plain(answer: Answer, variables: Mapping[str, Any]) -> str:
    """The answer without the ids that were asked for: they may be repeated, and nothing else may differ."""
    text = json.dumps(answer, sort_keys=True)
    for given in _texts(variables):
        text = text.replace(given, "…")
    return text


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)
        case str() if "_" in value or value.startswith("zq"):
            yield value
