"""Markdown's forms."""

import re
from collections.abc import Iterable, Sequence

__all__ = ["anchor", "paragraphs", "table"]


def table(heads: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """A table; line breaks in cells become spaces."""
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        cells = (" ".join((cell or "").split()).replace("|", "\\|") for cell in row)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def anchor(heading: str) -> str:
    """What renderers call a heading in links."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def paragraphs(parts: Iterable[str]) -> str:
    """Blocks with an empty line between them; empty ones left out."""
    return "\n\n".join(part.strip() for part in parts if part.strip())
