"""A worker that knows the actors of the tests too."""

import sys

from jobs import worker

worker.ACTORS = (*worker.ACTORS, "tests.jobs.actors")

if __name__ == "__main__":
    sys.exit(worker.main())
