"""The value of a field that a change leaves out: absent keeps, None clears, a value sets."""

from enum import Enum
from typing import Final, Literal

__all__ = ["UNSET", "Unset"]


class _Marker(Enum):
    UNSET = "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = _Marker.UNSET
"""The field was not given."""

Unset = Literal[_Marker.UNSET]
"""For annotations: `sku: str | None | Unset = UNSET`."""
