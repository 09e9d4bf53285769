"""What a change of prices would do, as an answer shows it."""

from typing import Any

from db import ids
from domain.subscriptions.price_impact import Impact, Level, Line, Loss
from resolvers.changing.change import Shown
from tenancy.scope import SEGMENT

__all__ = ["shown_impact"]


def shown_impact(impact: Impact, *, with_losses: bool) -> Shown:
    """The object; without its losses for who may not see subscriptions."""
    return Shown(
        {
            "levels": [_level(level) for level in impact.levels],
            "lines": [_line(line) for line in impact.lines],
            "losses": [_loss(loss) for loss in impact.losses] if with_losses else None,
            "moreLosses": impact.more_losses if with_losses else None,
        }
    )


def _level(level: Level) -> dict[str, Any]:
    return {
        "level": level.level,
        "lines": level.lines,
        "atALoss": level.at_a_loss,
        "marginBefore": level.margin_before,
        "margin": level.margin,
    }


def _line(line: Line) -> dict[str, Any]:
    entry = line.entry
    is_distributor = len(entry.tenant_path) == SEGMENT
    return {
        "planId": ids.encode("pln", entry.plan_id),
        "periodId": ids.encode("per", entry.id),
        "tenantId": ids.encode("dst" if is_distributor else "rsl", entry.tenant_id),
        "tenantName": line.tenant_name,
        "level": line.now.level,
        "currency": entry.currency,
        "netCostBefore": line.before.net_cost,
        "netCost": line.now.net_cost,
        "priceBefore": line.before.price,
        "price": line.now.price,
        "marginBefore": line.before.margin,
        "margin": line.now.margin,
        "markupPercent": entry.markup_percent,
    }


def _loss(loss: Loss) -> dict[str, Any]:
    return {
        "subscriptionId": ids.encode("sub", loss.subscription_id),
        "subscriptionNumber": loss.number,
        "tenantId": ids.encode("dst" if loss.level == 0 else "rsl", loss.tenant_id),
        "tenantName": loss.tenant_name,
        "currency": loss.currency,
        "price": loss.price,
        "netCost": loss.net_cost,
        "margin": loss.price - loss.net_cost,
    }
