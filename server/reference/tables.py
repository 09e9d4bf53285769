"""Pages across areas: errors, permissions, and the list of everything."""

import re
from collections.abc import Iterator
from importlib import import_module

from graphql import GraphQLInterfaceType, GraphQLObjectType

from resolvers.reading.catalog import Catalog
from schema.descriptions import attribute_docstrings
from server.reference.markdown import anchor, paragraphs, table
from server.reference.pages import Pages, mutating, title
from tenancy.errors import ErrorCode, ErrorKind, Refusal
from tenancy.permissions import PLATFORM_PERMISSIONS, Permission, Role, permissions_of

__all__ = ["errors", "index", "permissions"]

ERRORS = """A refused mutation changes nothing and says why in its payload's `errors`. What else can go wrong with a
request is in the [guide](../guide-api.md#errors)."""
KINDS = "What a program does next. Closed: a program may branch on them without a default."
CODES = """Why, for logs and special cases. Open: codes may be added at 30 days' notice; `kind` tells what to do with
one that is new. Any mutation may be refused with FORBIDDEN, LIMIT_EXCEEDED, IDEMPOTENCY_MISMATCH and IN_PROGRESS."""
PERMISSIONS = """A token has the permissions of its manager's role; `viewer { permissions }` lists them. A field that
needs one is null without it, and the answer's `errors` say FORBIDDEN; a mutation is refused with the code FORBIDDEN.

A token sees its tenant and everything below it, never what is above or beside. It changes its own tenant, or, with
`tenants.act_as` and the header Headwater-Act-As, one below."""
INDEX = """Every query, mutation and type of the API. How requests, pages, errors and limits work is in the
[guide](../guide-api.md); the same in the language of schemas is [schema.graphql](../../schema/schema.graphql)."""
GROWTH = """What is there stays. An element that is to go is deprecated first, and its reason names the day: at least
twelve months ahead, always 1 January or 1 July. It is answered until that day is over.

Without notice come new types, fields, optional arguments and optional input fields, also types behind an interface or
union: ask for `__typename` and keep a default branch. Values are added only to enumerations that are called open, at 30
days' notice, and to those that are only asked with, such as sort fields."""


def errors(pages: Pages) -> str:
    """Kinds, codes, and which mutations are refused with them."""
    kinds, codes = attribute_docstrings(ErrorKind), attribute_docstrings(ErrorCode)
    of_code = _kinds_by_code()
    rows = []
    for kind in ErrorKind:
        its = ", ".join(f"[{code}](#{anchor(code)})" for code, found in of_code.items() if kind in found)
        rows.append([f"`{kind}`", kinds[kind.name], its])
    parts = ["# Errors of mutations", ERRORS, "## Kinds", KINDS, table(["kind", "", "codes"], rows), "## Codes", CODES]
    for code in ErrorCode:
        its = ", ".join(sorted(f"`{each}`" for each in of_code[code])) or "none yet"
        parts += [f"### {code}", f"{codes[code.name]} Kind: {its}."]
        named = re.compile(rf"Codes: .*\b{code}\b", re.DOTALL)
        users = [
            _mutation(pages, name) for name, each in pages.mutations.items() if named.search(each.description or "")
        ]
        parts.append(f"Of {', '.join(users)}." if users else "")
    return paragraphs(parts)


def _kinds_by_code() -> dict[ErrorCode, set[ErrorKind]]:
    """What refusals say of themselves."""
    import_module("resolvers.changing.pipeline")  # it has some of its own, which nothing else may have imported
    found: dict[ErrorCode, set[ErrorKind]] = {code: set() for code in ErrorCode}
    waiting = [Refusal]
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        is_ours = each.__module__.partition(".")[0] != "tests"
        if is_ours and hasattr(each, "code") and hasattr(each, "kind"):
            found[each.code].add(each.kind)
    return found


def _mutation(pages: Pages, name: str) -> str:
    return f"[{name}]({pages.page_of_mutation(pages.mutations[name])}.md#{anchor(name)})"


def permissions(pages: Pages) -> str:
    """Roles, their permissions, and what each opens."""
    words = attribute_docstrings(Role)
    fixed = [role for role in Role if role is not Role.CUSTOM]
    holders = {f"`{role}`": permissions_of(role) for role in fixed} | {"platform operator": PLATFORM_PERMISSIONS}
    rows = []
    for permission in Permission:
        marks = ["✓" if permission in held else "" for held in holders.values()]
        rows.append([f"[`{permission}`](#{anchor(permission)})", *marks])
    parts = [
        "# Roles and permissions",
        PERMISSIONS,
        table(["role", ""], ([f"`{role}`", words[role.name]] for role in Role)),
        table(["permission", *holders], rows),
    ]
    for permission in Permission:
        opened = "\n".join(_opened(pages, permission))
        parts += [f"### {permission}", opened or "Opens no field of its own."]
    return paragraphs(parts)


def _opened(pages: Pages, permission: Permission) -> Iterator[str]:
    """Items of a list."""
    for name, field in pages.mutations.items():
        if mutating(field).needs == permission:
            yield f"- mutation {_mutation(pages, name)}"
    for name, field in pages.queries.items():
        if getattr(Catalog.declaration(field), "needs", None) == permission:
            yield f"- query `{name}`"
    for type_ in pages.schema.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and type_.name in pages.areas.page_of:
            for name, field in type_.fields.items():
                if getattr(Catalog.declaration(field), "needs", None) == permission:
                    yield f"- [{type_.name}]({pages.link(type_.name)})`.{name}`"


def index(pages: Pages) -> str:
    """The first page."""
    areas = [f"- [{title(page)}]({page}.md)" for page in pages.areas.pages()]
    rest = ["- [Errors of mutations](errors.md)", "- [Roles and permissions](permissions.md)"]
    found = [[f"[{name}]({pages.link(name)})", title(page)] for name, page in sorted(pages.areas.page_of.items())]
    listed = "\n".join([*areas, *rest])
    return paragraphs(["# Reference", INDEX, listed, "## How it changes", GROWTH, "## Types", table(["", ""], found)])
