"""All that a web process answers with."""

from dataclasses import dataclass

from resolvers.changing.pipeline import Pipeline
from resolvers.reading import Engine, Pool
from resolvers.shopping import Shoppers
from server.auth import Holders
from server.broker_health import BrokerHealth
from server.deprecated_uses import DeprecatedUses
from server.documents import TrustedDocuments
from server.files import Files
from server.last_uses import LastUses
from server.limits import Budgets
from server.storefront import Storefronts

__all__ = ["Site"]


@dataclass(frozen=True, slots=True)
class Site:
    """What one process has while it serves."""

    pool: Pool
    """Connections for reading."""
    holders: Holders
    budgets: Budgets
    """Of tokens."""
    open_budgets: Budgets
    """Of callers without one."""
    storefronts: Storefronts
    shoppers: Shoppers
    documents: TrustedDocuments
    files: Files
    engine: Engine
    pipeline: Pipeline
    broker_health: BrokerHealth | None
    deprecated_uses: DeprecatedUses
    last_uses: LastUses
