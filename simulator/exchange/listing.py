"""One symbol while the exchange runs: its rules as whole numbers, its book, and the version of what was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .amounts import parse_amount
from .book import Book, BookSide, Level
from .config import SymbolSpec
from .events import Event, LevelChanged, Traded

_RATE_DECIMALS = 12
RATE_UNIT = 10**_RATE_DECIMALS


def parse_rate(text: str) -> int:
    """A fee as a fraction, in parts of `RATE_UNIT`. With `-` first it is paid out."""
    rate = parse_amount(text.removeprefix("-"), _RATE_DECIMALS)
    return -rate if text.startswith("-") else rate


@dataclass(frozen=True, slots=True)
class Rules:
    """A `SymbolSpec` in whole numbers. Values are ticks x lots; atoms are the ledger's."""

    tick_step: int
    lot_step: int
    min_lots: int
    min_value: int
    max_value: int
    min_value_market: int
    max_value_market: int
    band: tuple[int, int] | None
    maker_rate: int
    taker_rate: int
    lot_atoms: int  # of the base asset in a lot
    value_atoms: int  # of the quote asset in one tick x lot
    base_fee_step: int  # atoms: fees are multiples of it
    quote_fee_step: int


def rules_of(spec: SymbolSpec, decimals: Mapping[str, int]) -> Rules:
    """The rules of `spec` with the ledger's `decimals`."""
    base, quote = decimals[spec.base], decimals[spec.quote]
    return Rules(
        tick_step=10 ** (spec.price_decimals - spec.quote_precision),
        lot_step=10 ** (spec.qty_decimals - spec.base_precision),
        min_lots=spec.lots(spec.min_qty),
        min_value=spec.value(spec.min_notional),
        max_value=spec.value(spec.max_notional),
        min_value_market=spec.value(spec.min_notional_market),
        max_value_market=spec.value(spec.max_notional_market),
        band=None if spec.band is None else (parse_rate(spec.band[0]), parse_rate(spec.band[1])),
        maker_rate=parse_rate(spec.maker_fee),
        taker_rate=parse_rate(spec.taker_fee),
        lot_atoms=10 ** (base - spec.qty_decimals),
        value_atoms=10 ** (quote - spec.value_decimals),
        base_fee_step=10 ** (base - spec.base_fee_decimals),
        quote_fee_step=10 ** (quote - spec.quote_fee_decimals),
    )


class Clock:
    """The exchange's time, shared by all that tell it."""

    __slots__ = ("now_ns",)

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns


class Listing:
    """A symbol's book and what was published of it. `events` is the exchange's list, to which this appends."""

    __slots__ = (
        *("book", "cancel_refusal", "clock", "decimals", "events", "false_levels", "last_ticks"),
        *("name", "newest_order_ns", "order_refusal", "rules", "spec", "trades", "version", "wire_number"),
    )

    def __init__(
        self, spec: SymbolSpec, decimals: Mapping[str, int], events: list[Event], clock: Clock, version: int
    ) -> None:
        self.name, self.book, self.events, self.version = spec.name, Book(), events, version
        self.decimals, self.clock = decimals, clock
        self.last_ticks = self.newest_order_ns = self.trades = 0
        self.wire_number = version  # trade ids begin with it, so that those of two symbols differ
        self.order_refusal = self.cancel_refusal = 0  # a code while orders or cancels are refused
        self.false_levels: dict[tuple[int, int], int] = {}  # (side, ticks) -> lots: shown though not there
        self.set_spec(spec)

    def set_spec(self, spec: SymbolSpec) -> None:
        """New rules. The grid of ticks and lots stays."""
        self.spec, self.rules = spec, rules_of(spec, self.decimals)

    def publish(self, sign: int, price: int, lots: int) -> None:
        """A level's total changed."""
        self.version += 1
        self.events.append(
            LevelChanged(self.clock.now_ns, self.name, sign, price, lots, self.version, self.newest_order_ns)
        )

    def publish_level(self, side: BookSide, level: Level, before: int) -> None:
        """Publish a level if its total is not `before`."""
        if level.total != before:
            self.publish(side.sign, level.price, level.total)

    def shown(self, sign: int, limit: int) -> list[tuple[int, int]]:
        """The best levels of a side as the public sees them: (ticks, lots), best first."""
        levels = self.book.side(sign).top(limit)
        if not self.false_levels:
            return levels
        false = [(ticks, lots) for (side, ticks), lots in self.false_levels.items() if side == sign]
        return sorted({**dict(levels), **dict(false)}.items(), reverse=sign > 0)[:limit]

    def traded(self, price: int, lots: int, taker_sign: int) -> str:
        """A public trade; gives the digits of its id."""
        self.trades += 1
        self.last_ticks = price
        digits = str(self.wire_number * 1_000_000 + self.trades)
        self.events.append(Traded(self.clock.now_ns, self.name, price, lots, taker_sign, f"{digits}X1_{digits}X2"))
        return digits
