"""The value of a field that a change leaves out; see `tenancy.unset`."""

from tenancy.unset import UNSET, Unset

__all__ = ["UNSET", "Unset"]
