"""GraphQL over HTTP, by the audits of its specification."""

import json

import pytest

from tests.clients.conftest import Web
from tests.clients.node import Project

AUDITS = 61
"""As many as graphql-http 1.23 has."""


@pytest.mark.feature("A-10")
def test_every_audit_of_graphql_over_http_passes(web: Web, project: Project) -> None:
    results = [json.loads(line) for line in project.run("audits.mjs", web.graphql, web.token).splitlines()]
    assert [each for each in results if each["status"] != "ok"] == []
    assert len(results) >= AUDITS
