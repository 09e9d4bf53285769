import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from starlette.applications import Starlette
from starlette.testclient import TestClient

from schema.build import sdl
from server import explorer

STATIC = Path(explorer.__file__).parent / "static"


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=explorer.routes()))


def test_everything_the_page_loads_is_served_beside_it(client: TestClient) -> None:
    # when
    page = client.get("/")
    # then
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    files = [address for address in addresses if address != "data:,"]
    assert len(files) == 6
    for file in files:
        assert file.startswith("explorer/")
        assert client.get(f"/{file}").status_code == 200


def test_the_page_loads_a_third_of_what_its_files_hold(client: TestClient) -> None:
    with client.stream("GET", "/explorer/graphiql.js", headers={"Accept-Encoding": "gzip"}) as response:
        sent = sum(map(len, response.iter_raw()))
    assert response.headers["content-encoding"] == "gzip"
    assert sent < (STATIC / "graphiql.js").stat().st_size * 0.4


def test_the_page_runs_no_script_but_those_files(client: TestClient) -> None:
    page = client.get("/")
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert not re.search(r'<script(?! src| id="examples" type="application/json")', page.text)
    assert not re.search(r"\son\w+=", page.text)


def test_the_styles_load_nothing_from_elsewhere() -> None:
    for sheet in STATIC.glob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?!data:)|@import", sheet.read_text())


def test_every_example_is_valid() -> None:
    schema = build_schema(sdl())
    for tab in explorer.examples():
        assert validate(schema, parse(tab["query"])) == [], tab["query"]


def test_every_example_is_one_operation_with_a_title() -> None:
    # when
    tabs = explorer.examples()
    # then
    assert len(tabs) >= 8
    for tab in tabs:
        (operation,) = parse(tab["query"]).definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert operation.name is not None
        assert tab["query"].startswith("# ")
