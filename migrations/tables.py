"""Every table there is: importing this registers all models."""

from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

from db.base import Base

__all__ = ["TABLES"]


def _register() -> MetaData:
    import_module("tenancy.models")
    import_module("tenancy.signing_in.models")
    for module in sorted((Path(__file__).parent.parent / "domain").glob("*/models.py")):
        import_module(f"domain.{module.parent.name}.models")
    return Base.metadata


TABLES: MetaData = _register()
