"""Transcripts of an exchange: requests stand at the margin, what happened stands indented below them.

    tape ask 40010 2            a level of the tape: 2 in base
    tape trade BUY 40010 0.5    a trade of the tape
    ann BUY LIMIT 0.5 40000 id=a1 stp=cancel_maker
    ann BUY MARKET quote=1000
    ann cancel a1
    ann balance
    switch part_filled=filled
    group ann bob               a strategy group of the first, with all of them

Lines that begin with `#` and empty lines are kept.
"""

from __future__ import annotations

import numpy as np
from flashc.simulator.exchange.amounts import amount_text
from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.events import Event, Filled, LevelChanged, OrderChanged, Traded
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.market import TapeMarket
from flashc.simulator.exchange.orders import Order, PlaceRequest, Refusal
from flashc.simulator.exchange.tape import Tape

SPEC = SymbolSpec(
    "BTCUSDC", "BTC", "USDC", 2, 4, min_qty="0.001", min_notional="5", taker_fee="0.001", band=("0.2", "0.2")
)
NAMES = ("ann", "bob")
PRICE, QTY = SPEC.price_decimals, SPEC.qty_decimals


def empty_tape() -> Tape:
    none = np.zeros(0, np.int64)
    return Tape("none", none, none, none, none, none, 1, ())


class Script:
    """One exchange that reads lines."""

    def __init__(self) -> None:
        funds = {"BTC": "10", "USDC": "1000000"}
        accounts = tuple(AccountSpec(name, funds) for name in NAMES)
        self.exchange = Exchange(ExchangeConfig((SPEC,), accounts), 1, 0)
        self.exchange.take_events()
        listing, floor = self.exchange.listing(SPEC.name), self.exchange.floor
        self.market = TapeMarket(empty_tape(), listing, self.exchange.matching, floor.clock, 0)
        self._names: dict[str, str] = {}

    def play(self, text: str) -> str:
        """The transcript of the requests in `text`; what was indented is written anew."""
        lines = []
        for line in text.splitlines():
            if line.startswith("  "):
                continue
            lines.append(line)
            if line and not line.startswith("#"):
                lines += [f"  {said}" for said in self.do(line)]
        assert self.exchange.audit().is_right, self.exchange.audit().problems
        return "\n".join(lines) + "\n"

    def do(self, line: str) -> list[str]:
        self.exchange.advance(self.exchange.now_ns + 1_000_000)
        name, *words = line.split()
        said: list[str] = []
        if name == "tape":
            self._tape(words)
        elif name == "switch":
            self.exchange.switches = self.exchange.switches.set(words[0])
        elif name == "group":
            group = self.exchange.groups.create(words[0], "g")
            assert group is not None
            group.members.update(words)
        elif words[0] == "cancel":
            said = self._cancel(name, words[1])
        elif words[0] == "balance":
            said = self._balance(name)
        else:
            said = self._place(name, words)
        return said + [text for event in self.exchange.take_events() if (text := self.tell(event))]

    def _tape(self, words: list[str]) -> None:
        if words[0] == "trade":
            self.market.trade(1 if words[1] == "BUY" else -1, ticks(words[2]), lots(words[3]))
        else:
            self.market.state(1 if words[0] == "bid" else -1, ticks(words[1]), lots(words[2]))

    def _place(self, name: str, words: list[str]) -> list[str]:
        options = dict(word.split("=") for word in words if "=" in word)
        amounts = [word for word in words[2:] if "=" not in word]
        quantity, price = (*amounts, "", "")[:2]
        request = PlaceRequest(
            SPEC.name, words[0], words[1], quantity, price, options.get("quote", ""), options.get("id", ""),
            options.get("stp", ""),
        )  # fmt: skip
        answer = self.exchange.place(name, request, self.exchange.now_ns)
        return [f"refused {answer.code}: {answer.text}"] if isinstance(answer, Refusal) else []

    def _cancel(self, name: str, client_id: str) -> list[str]:
        answer = self.exchange.cancel(name, SPEC.name, self.exchange.now_ns, client_id=client_id)
        return [f"refused {answer.code}: {answer.text}"] if isinstance(answer, Refusal) else []

    def _balance(self, name: str) -> list[str]:
        decimals = self.exchange.ledger.decimals
        return [
            f"{asset} {amount_text(free, decimals[asset])} free, {amount_text(locked, decimals[asset])} locked"
            for asset, (free, locked) in self.exchange.balances(name).items()
        ]

    def tell(self, event: Event) -> str:
        if isinstance(event, LevelChanged):
            side = "bid" if event.side > 0 else "ask"
            return f"level {side} {amount_text(event.price_ticks, PRICE)} -> {amount_text(event.lots, QTY)}"
        if isinstance(event, Traded):
            side = "BUY" if event.taker_side > 0 else "SELL"
            return f"trade {side} {amount_text(event.lots, QTY)} at {amount_text(event.price_ticks, PRICE)}"
        if isinstance(event, OrderChanged):
            return self._order(event.order)
        if isinstance(event, Filled):
            fill = event.fill
            fee = amount_text(fill.fee_atoms, self.exchange.ledger.decimals[fill.fee_asset])
            words = ["maker" if fill.is_maker else "taker", *(["self-trade"] if fill.is_self_trade else [])]
            return (
                f"fill {self._name(fill.client_id, fill.order_id)} {amount_text(fill.lots, QTY)} at "
                f"{amount_text(fill.price_ticks, PRICE)}, fee {fee} {fill.fee_asset}, {', '.join(words)}"
            )
        return ""

    def _order(self, order: Order) -> str:
        asked = amount_text(order.lots, QTY) if order.lots else f"{amount_text(order.quote_value, PRICE + QTY)} USDC"
        why = f" ({order.cancel_reason})" if order.cancel_reason else ""
        done = amount_text(order.executed_lots, QTY)
        return f"order {self._name(order.client_id, order.order_id)} {order.status} {done} of {asked}{why}"

    def _name(self, client_id: str, order_id: str) -> str:
        """Orders without a client id are numbered as they come."""
        return client_id or self._names.setdefault(order_id, f"#{len(self._names) + 1}")


def ticks(text: str) -> int:
    return round(float(text) * 10**PRICE)


def lots(text: str) -> int:
    return round(float(text) * 10**QTY)
