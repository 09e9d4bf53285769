"""A log tells of faults, not of secrets."""

from collections.abc import Iterator

import pytest
import structlog

from server import logs


@pytest.fixture
def configured() -> Iterator[None]:
    logs.configure()
    yield
    structlog.reset_defaults()


def test_a_fault_is_logged_with_its_place_and_without_what_the_code_held(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(authorization: str) -> None:
        raise RuntimeError(f"{len(authorization)} characters are too many")

    try:
        fails("hw_nobody-may-read-this-here")
    except RuntimeError:
        structlog.get_logger().exception("fault", request_id="r-1")
    written = capsys.readouterr().out
    assert "r-1" in written
    assert "RuntimeError: 28 characters are too many" in written
    assert "nobody-may-read" not in written.replace('fails("hw_nobody-may-read-this-here")', "")
