"""How an action finds the rows it works on; see `tenancy.finding`."""

from tenancy.finding import locked, own, visible

__all__ = ["locked", "own", "visible"]
