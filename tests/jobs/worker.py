"""A worker that knows the actors of the tests too, and with TRIAL_DAYS set runs days of their steps."""

import os
import sys

from jobs import renewals, worker
from tests.jobs import actors

if __name__ == "__main__":
    if os.environ.get("TRIAL_DAYS"):
        renewals.STEPS = (actors.begin_day, actors.end_day)
        renewals.next_busy_day = actors.every_day
    sys.exit(worker.main())
