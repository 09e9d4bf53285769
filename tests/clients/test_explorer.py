"""The explorer as a person sees it: in a browser."""

import json
import shutil

import pytest

from server.explorer import examples
from server.settings import ROOT
from tests.clients.conftest import Web
from tests.clients.node import Project

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENSHOT = ROOT / "artifacts" / "explorer.png"


def test_the_explorer_opens_with_examples_that_run_and_asks_nobody_else(web: Web, project: Project) -> None:
    # given
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("no Chromium on the PATH: apt-get install chromium")
    SCREENSHOT.parent.mkdir(exist_ok=True)
    SCREENSHOT.unlink(missing_ok=True)
    # when
    seen = json.loads(project.run("explorer.mjs", browser, web.address, web.token, str(SCREENSHOT)))
    # then
    assert (seen["elsewhere"], seen["wrong"]) == ([], [])
    assert len(seen["tabs"]) == len(examples())
    assert "errors" not in seen["answer"]
    assert seen["answer"]["data"]["viewer"]["tenant"]["name"] == "Brook"
    assert seen["types"] == ["query", "mutation"]
    assert seen["hash"] == ""
    assert SCREENSHOT.stat().st_size > 20_000
