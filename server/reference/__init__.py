"""The reference for partners in `docs/reference/`: Markdown made from the finished schema, one page an area."""

from schema.build import schema
from server.reference import tables
from server.reference.pages import Pages
from server.settings import ROOT

__all__ = ["FOLDER", "written"]

FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Made by `./headwater schema --reference` from the schema: change the descriptions there. -->"


def written() -> dict[str, str]:
    """File names, and what is in them."""
    pages = Pages(schema._schema)  # noqa: SLF001 - Strawberry has no public way to the built types
    made = {f"{page}.md": pages.area(page) for page in pages.areas.pages()}
    made |= {"README.md": tables.index(pages), "errors.md": tables.errors(pages)}
    made["permissions.md"] = tables.permissions(pages)
    return {name: f"{NOTE}\n\n{text}\n" for name, text in made.items()}
