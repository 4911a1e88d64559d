"""What a local exchange has unless it is told otherwise. Imports nothing, so that a command's help may show it."""

from __future__ import annotations

#: HTTP and ws, HTTPS and wss, control.
PORTS = (8870, 8871, 8872)
#: Base/quote of the generated markets.
INSTRUMENTS = ("BTC/USDC", "ETH/USDC")
#: The longest time that the control port takes, ms.
MOST_MS = 10**10
#: Most background traders.
MOST_TRADERS = 100
