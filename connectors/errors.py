"""What may be wrong with a call to a service outside, by what it means for the effect."""

from datetime import timedelta

__all__ = ["CallRefused", "CallUnavailable", "CallUnknown"]


class CallRefused(Exception):
    """The effect will never be: the service has understood and said no. The text is the service's."""


class _TryAgain(Exception):
    def __init__(self, message: str, *, after: timedelta | None = None) -> None:
        super().__init__(message)
        self.after = after
        """Not before this has passed, if the service or its gate said so."""


class CallUnavailable(_TryAgain):
    """The effect certainly is not there: the service was not reached, or turned us away at the door."""


class CallUnknown(_TryAgain):
    """Nobody knows whether the effect is there: to be looked up before it is asked for again."""
