"""The job of the chaos: one effect that says its number and who did it.

Each worker has a queue of its own, so that no other makes good what it or its message broker loses.
"""

import os
import time
from datetime import timedelta

from sqlalchemy.orm import Session

from jobs.actors import actor
from jobs.tasks import Backoff
from tenancy.scope import Scope
from tests.chaos.house import WAY
from tests.jobs.actors import tell

_WAY = os.environ[WAY]


@actor(
    queue=f"chaos_{_WAY}",
    max_attempts=1000,
    backoff=Backoff(first=timedelta(seconds=0.05), longest=timedelta(seconds=1)),
)
def act(session: Session, scope: Scope, *, number: int, seconds: float) -> None:
    """The effect, in the middle of `seconds`."""
    time.sleep(seconds / 2)
    tell(session, scope, f"chaos.{number} {_WAY}")
    session.flush()
    time.sleep(seconds / 2)
