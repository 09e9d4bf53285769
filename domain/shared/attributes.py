"""The document of order attributes where there are none: see `domain.catalog.order_attributes`."""

from typing import Any

__all__ = ["NO_ATTRIBUTES", "no_attributes"]

NO_ATTRIBUTES = '{"managers": [], "customers": []}'
"""As PostgreSQL writes it."""


def no_attributes() -> dict[str, Any]:
    """Nothing declared, or nothing answered."""
    return {"customers": [], "managers": []}
