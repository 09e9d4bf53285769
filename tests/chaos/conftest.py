"""The option of the chaos."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """For longer by hand: `./headwater test -- tests/chaos -s --minutes 10`."""
    group = parser.getgroup("chaos")
    group.addoption("--minutes", type=float, help="How long processes are killed; jobs in proportion [default: 0.5].")
    group.addoption("--seed", type=int, help="Kill what was killed with this seed [default: by chance].")
