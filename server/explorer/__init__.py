"""The explorer: GraphiQL with our examples as tabs, from files of ours only.

The files in `static/` are fetched by `bundle.py` and committed, so that nothing is loaded from elsewhere.
"""

import json
import re
from functools import cache
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

__all__ = ["examples", "page", "routes"]

_HERE = Path(__file__).parent

# GraphiQL's editor sets styles on elements; every script is a file of ours.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def routes() -> list[BaseRoute]:
    """`/` and what the page loads. It posts to `graphql` beside it."""
    return [
        Route("/", _explorer),
        Mount("/explorer", GZipMiddleware(StaticFiles(directory=_HERE / "static"))),
    ]


async def _explorer(request: Request) -> HTMLResponse:  # noqa: ARG001 - the form of an endpoint
    return HTMLResponse(page(), headers=_HEADERS)


@cache
def page() -> str:
    """The page, with the examples as data in it."""
    tabs = json.dumps(examples(), ensure_ascii=False).replace("<", "\\u003c")
    return (_HERE / "page.html").read_text().replace("EXAMPLES", tabs)


@cache
def examples() -> list[dict[str, str]]:
    """The operations of `examples.graphql`, one a tab, as GraphiQL takes them: `query` and perhaps `variables`.

    An operation begins with a line `# <number> <title>`; its variables follow as `# variables: <JSON>`.
    """
    text = (_HERE / "examples.graphql").read_text()
    tabs = []
    for part in re.split(r"(?m)^(?=# \d+ )", text)[1:]:
        variables = re.search(r"(?m)^# variables: (.*)\n", part)
        tab = {"query": part.replace(variables[0], "").strip() + "\n" if variables else part.strip() + "\n"}
        if variables:
            tab["variables"] = json.dumps(json.loads(variables[1]), indent=2, ensure_ascii=False)
        tabs.append(tab)
    return tabs
