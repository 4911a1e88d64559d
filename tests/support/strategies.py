"""Strategy files that several tests read."""

from __future__ import annotations

#: Ten lines that check with one advice (no risk limits) and trade.
EMA_CROSS = """\
flash: 1
strategy: ema_cross
trade: BTC/USDC
decide: 1m
params: {fast: 12, slow: 26}
let:
  quick: ema(close, fast)
  calm:  ema(close, slow)
entries:
  long: cross_up(quick, calm)
exits:
  out: cross_dn(quick, calm)
size: 100 USDC
"""
