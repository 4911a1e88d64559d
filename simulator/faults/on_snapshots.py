"""B-03: snapshots of the book that do not fit the changes."""

from __future__ import annotations

from collections import deque
from typing import Any

from ..exchange.amounts import amount_text
from ..rest.calls import Answer, json_answer
from ..stream.hub import NEVER_NS
from .refusals import fields_of
from .seams import Ask, Injector, Reply

#: How often the book is kept for `older`.
_EVERY_NS = 100_000_000
_MOST_KEPT = 700


class Snapshot(Injector):
    """Keeps what GET depth says, and says it later; or makes it late, or newer than it is."""

    def begin(self, now_ns: int) -> None:
        self._kept: dict[str, deque[tuple[int, Answer]]] = {}
        self._books: dict[str, deque[tuple[int, tuple[object, ...]]]] = {}
        self._next_ns = now_ns

    def next_ns(self) -> int:
        return self._next_ns if self.word("kind") == "older" else NEVER_NS

    def turn(self, now_ns: int) -> None:
        """Keep every symbol's book, so that an old one is there when it is asked for."""
        self._next_ns = now_ns + max(_EVERY_NS, self.ns("time") // 50)
        for symbol in self.scene.exchange.specs:
            rows = self._books.setdefault(symbol, deque(maxlen=_MOST_KEPT))
            rows.append((now_ns, self.scene.exchange.depth(symbol, 5_000)))

    def before(self, ask: Ask) -> Reply | None:
        if self.word("kind") != "cached" or not ask.is_("GET depth"):
            return None
        for at_ns, answer in self._kept.get(ask.call.query, ()):
            if ask.now_ns - at_ns < self.ns("time") and self.act():
                return Reply(answer)
        return None

    def after(self, ask: Ask, reply: Reply) -> Reply:
        answer, kind = reply.answer, self.word("kind")
        found = fields_of(answer, "lastUpdateId", "bids", "asks") if ask.is_("GET depth") else None
        if answer is None or found is None:
            return reply
        if kind == "cached":
            rows = self._kept.setdefault(ask.call.query, deque(maxlen=1))
            if not rows or ask.now_ns - rows[0][0] >= self.ns("time"):
                rows.append((ask.now_ns, answer))
            return reply
        if not self.act():
            return reply
        if kind == "late":
            return Reply(answer, late_ns=self.ns("time"))
        return Reply(self._newer(found) if kind == "newer" else self._older(ask, answer, found))

    def _newer(self, found: dict[str, Any]) -> Answer:
        return json_answer({**found, "lastUpdateId": found["lastUpdateId"] + self.number("versions")})

    def _older(self, ask: Ask, answer: Answer, found: dict[str, Any]) -> Answer:
        """The newest book that is at least as old as wanted, else the oldest that is known."""
        rows = self._books.get(ask.symbol)
        if not rows:
            return answer
        old = [book for at_ns, book in rows if ask.now_ns - at_ns >= self.ns("time")]
        version, bids, asks = old[-1] if old else rows[0][1]
        assert isinstance(bids, list) and isinstance(asks, list)
        spec, most = self.scene.exchange.specs[ask.symbol], max(len(found["bids"]), len(found["asks"]), 1)
        sides = {
            side: [[amount_text(t, spec.price_decimals), amount_text(n, spec.qty_decimals)] for t, n in levels[:most]]
            for side, levels in (("bids", bids), ("asks", asks))
        }
        return json_answer({**found, "lastUpdateId": version, **sides})
