"""When Python looks for garbage in a worker."""

import gc

__all__ = ["collect_rarely"]


def collect_rarely() -> None:
    """Look for cycles once in fifty thousand new objects instead of seven hundred, and not among what is there now.

    A batch makes some ten thousand rows that all live to its end: to look through them again and again took a third of
    its processor time. What is not part of a cycle goes at once, as ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
