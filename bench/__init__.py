"""Measured comparisons. `./headwater bench` runs them; nothing of the product imports them."""
