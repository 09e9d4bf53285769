"""The demo chain: what a newcomer finds on the first day.

A sandbox distributor that sells an invented vendor's products from the sheet beside this file, a reseller and a child
reseller with their markups, a second reseller who sees nothing of them, two customers, and a few subscriptions.
"""

from server.demo.chain import Demo, ensure

__all__ = ["Demo", "ensure"]
