"""A worker that knows the chaos too."""

import sys

from jobs import worker
from tests.chaos import actors

__all__ = ["actors"]

if __name__ == "__main__":
    sys.exit(worker.main([]))
