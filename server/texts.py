"""Which texts there are for people: every source of a message in the code, for the catalogs of other languages."""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from server.settings import ROOT

__all__ = ["ROOMS", "Classes", "NotInCatalog", "Used", "renewed", "used_in", "used_texts"]

ROOMS = ("tenancy", "domain", "connectors", "jobs", "resolvers", "schema")
"""Folders that speak to people. The commands speak to operators, in English."""
REFUSAL, MESSAGE, WORD = "Refusal", "Message", "Word"


class NotInCatalog(Exception):
    """A text is put together where no catalog can know it."""


@dataclass(frozen=True, slots=True)
class Used:
    """One use of a source."""

    source: str
    file: str
    line: int


@cache
def used_texts() -> tuple[Used, ...]:
    """Every use, by file and line. Raises NotInCatalog."""
    files = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    trees = {str(file.relative_to(ROOT)): ast.parse(file.read_text()) for file in files}
    classes = Classes.of(trees.values())
    return tuple(use for name, tree in trees.items() for use in used_in(tree, name, classes))


@dataclass(frozen=True, slots=True)
class Classes:
    """Names of classes."""

    refusals: set[str]
    speaking: set[str]
    """Those of the refusals that are given their text; the others make it themselves."""
    words: set[str]

    @classmethod
    def of(cls, trees: Collection[ast.Module]) -> Self:
        """What these modules define."""
        found = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        refusals = _below({REFUSAL}, found)
        own = {each.name for each in found if each.name in refusals and _makes_itself(each)} - {REFUSAL}
        return cls(refusals, refusals - _below(own, found), _below({WORD}, found))


def _below(bases: set[str], classes: Collection[ast.ClassDef]) -> set[str]:
    """The names of the classes and of all that inherit from them."""
    found = set(bases)
    while more := {each.name for each in classes if {ast.unparse(base) for base in each.bases} & found} - found:
        found |= more
    return found


def _makes_itself(class_: ast.ClassDef) -> bool:
    return any(isinstance(each, ast.FunctionDef) and each.name == "__init__" for each in class_.body)


def used_in(tree: ast.Module, file: str, classes: Classes) -> Iterator[Used]:
    """The uses in one module: what messages and refusals are made of, and the members of words.

    Raises NotInCatalog for a text that is made on the spot.
    """
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) if name in classes.words:
                yield from (
                    Used(value, file, member.lineno)
                    for member in node.body
                    if isinstance(member, ast.Assign)
                    and isinstance(member.value, ast.Constant)
                    and isinstance(value := member.value.value, str)
                )
            case ast.ClassDef(name=name) if name in classes.refusals:
                for call in ast.walk(node):
                    if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__" and call.args:
                        yield from _source(call, file)
            case ast.Call(func=ast.Name(id=name), args=[_, *_]) if name in classes.speaking | {MESSAGE}:
                yield from _source(node, file)


def _source(call: ast.Call, file: str) -> Iterator[Used]:
    match call.args[0]:
        case ast.Constant(value=str(source)):
            yield Used(source, file, call.lineno)
        case ast.JoinedStr() | ast.BinOp() | ast.Call(func=ast.Attribute(attr="format")):
            raise NotInCatalog(
                f"{file}:{call.lineno}: {ast.unparse(call)} makes its text itself. Name the places and give the"
                ' values: InvalidInput("{field} has {count} characters.", count=len(text), path=path).'
            )


def renewed(file: Path) -> int:
    """Write a language's catalog anew: translations are kept, new texts are empty, what is used no more is a remark.

    Returns how many texts have no translation yet.
    """
    template = Catalog(project="Headwater", charset="utf-8")
    for use in used_texts():
        template.add(use.source, locations=[(use.file, use.line)])
    catalog = Catalog(locale=file.stem.replace("-", "_"), project="Headwater", charset="utf-8")
    if file.is_file():
        with file.open("rb") as lines:
            catalog = read_po(lines, locale=file.stem.replace("-", "_"))
    catalog.update(template, no_fuzzy_matching=True)
    file.parent.mkdir(exist_ok=True)
    with file.open("wb") as out:
        write_po(out, catalog, width=120, no_location=False, include_lineno=False, omit_header=False)
    return sum(not message.string for message in catalog if message.id)
