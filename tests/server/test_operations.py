"""Example rules and dashboard are what Prometheus understands, and speak of numbers that exist."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

import jobs.metrics
import server.metrics

FOLDER = Path(__file__).parents[2] / "docs" / "operations"


@pytest.fixture
def promtool() -> str:
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to have promtool: Debian's package prometheus")
        pytest.skip("promtool is not installed: Debian's package prometheus")
    return program


@pytest.mark.parametrize("check", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_the_rules_are_good_and_alarm_when_they_should(promtool: str, check: tuple[str, ...]) -> None:
    done = subprocess.run([promtool, *check], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dashboard_and_rules_name_no_number_that_does_not_exist() -> None:
    counted = {f"{family.name}_total" if family.type == "counter" else family.name for family in REGISTRY.collect()}
    asked = set(re.findall(r"headwater_jobs_[a-z_]+", Path(server.metrics.__file__).read_text()))
    known = counted | {f"{name}_bucket" for name in counted} | asked
    dashboard = json.loads((FOLDER / "jobs-dashboard.json").read_text())
    texts = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    texts.append((FOLDER / "alerts.yml").read_text())
    assert jobs.metrics.OUTCOMES
    assert {name for text in texts for name in re.findall(r"headwater_[a-z_]+", text)} <= known
