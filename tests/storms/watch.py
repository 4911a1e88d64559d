"""What must hold at every moment of a storm, looked at on every event and twenty times a second."""

from __future__ import annotations

import json
import logging
import traceback
from collections import Counter
from typing import Any

from flashc.runtime.mexc.market.reference_book import ASK, BID
from flashc.runtime.mexc.stream.events import Event, FrameRefused, Heartbeat, Overflow, PushFrame
from flashc.runtime.net.http import HttpRequest
from support.whole_client import OTHER, SYMBOL, WholeClient

Levels = list[tuple[int, int]]
#: Levels of each side that are compared: the core's book leaves out prices that are far away.
_TOP = 40


class Heard(logging.Handler):
    """Everything that anybody logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("websockets"):  # the exchange's side
            self.texts.append(record.getMessage())


class Watch:
    """Looks at a client and at its exchange. `wrong` is what must not be, in words."""

    def __init__(self, client: WholeClient, forged: bool) -> None:
        self.client, self.forged = client, forged
        self.wrong: list[str] = []
        self.compared = 0
        self.sent: Counter[str] = Counter()
        self.refusals: Counter[int] = Counter()
        self.secrets: set[str] = set()
        self.texts: list[str] = []
        self.events: Counter[str] = Counter()
        self._books: dict[str, dict[int, tuple[Levels, Levels]]] = {SYMBOL: {}, OTHER: {}}
        self._orders: dict[tuple[str, str], tuple[int, int]] = {}
        self._frames = client.market.counters["frames_in"]
        self._tap()

    # ---- taps

    def _tap(self) -> None:
        world, market, rest = self.client.local.world, self.client.market, self.client.rest
        step, answer, send, create = world.step, world.answer, rest._transport.send, rest.new_listen_key

        def stepped(now_ns: int) -> Any:
            leaving = step(now_ns)
            for symbol, seen in self._books.items():
                version, bids, asks = world.exchange.depth(symbol, 5000)
                seen.setdefault(version, (bids, asks))
            return leaving

        def answered(call: Any, side: Any, release: Any, now_ns: int) -> Any:
            reply = answer(call, side, release, now_ns)
            if reply.answer is not None and reply.answer.status in (418, 429):
                self.refusals[reply.answer.status] += 1
            return reply

        async def sent(request: HttpRequest, timeout_ns: int) -> Any:
            self._request(request)
            return await send(request, timeout_ns)

        async def created() -> Any:
            key = await create()
            self.secrets.add(key.reveal().decode())
            return key

        world.step, world.answer = stepped, answered  # type: ignore[method-assign, assignment]
        rest._transport.send, rest.new_listen_key = sent, created  # type: ignore[method-assign]
        market._on_event = self._event
        assert rest._credentials is not None
        self.secrets.add(rest._credentials.secret.reveal().decode())
        self.secrets.add(rest._credentials.key.reveal().decode())

    def _request(self, request: HttpRequest) -> None:
        params = dict(pair.partition("=")[::2] for pair in request.query.split("&"))
        if "signature" in params:
            self.secrets.add(params["signature"])
        if (request.method, request.path) == ("POST", "/api/v3/order"):
            self.sent[params["newClientOrderId"]] += 1

    def _event(self, event: Event) -> None:
        if isinstance(event, PushFrame | Heartbeat | FrameRefused):
            self.events["frames"] += 1
        elif isinstance(event, Overflow):
            self.events["frames"] += event.dropped
        self.look()

    def error(self, error: BaseException) -> None:
        """An error that a caller saw."""
        self.texts += ["".join(traceback.format_exception(error)), repr(error)]

    # ---- laws

    def look(self) -> None:
        """All laws, now."""
        for symbol in self._books:
            self._book(symbol)
        self._account()

    def _book(self, symbol: str) -> None:
        feed = self.client.market.feeds[symbol]
        state, book = feed.validity(self.client.market.now_ns()), feed.book
        if not state.valid:
            return
        bid, ask = book.best_bid(), book.best_ask()
        if bid is None or ask is None or bid[0] >= ask[0]:
            self._says(f"{symbol} is valid with the best prices {bid} and {ask}")
        if self.forged or book.version not in self._books[symbol]:
            return
        self.compared += 1
        bids, asks = self._books[symbol][book.version]
        if book.levels(BID, _TOP) != bids[:_TOP] or book.levels(ASK, _TOP) != asks[:_TOP]:
            mine, theirs = book.levels(BID, _TOP) + book.levels(ASK, _TOP), bids[:_TOP] + asks[:_TOP]
            apart = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
            self._says(f"the valid book of {symbol} is not the exchange's at version {book.version}: {apart}")

    def _account(self) -> None:
        knowledge = self.client.feed.knowledge
        for view in knowledge.orders():
            key = (view.symbol, view.order_id)
            before = self._orders.get(key, (0, 0))
            now = (view.rank.value, view.executed)
            if now[0] < before[0] or now[1] < before[1]:
                self._says(f"order {view.order_id} fell from {before} to {now}")
            self._orders[key] = now
        for name, count in self.sent.items():
            if count > 1:
                self._says(f"{name} was sent {count} times")

    def at_the_end(self, limits_fault: bool, may_halt: bool) -> None:
        """Laws of the healed client."""
        if not limits_fault and self.refusals:
            self._says(f"the exchange refused for too many requests: {dict(self.refusals)}")
        counters = self.client.market.counters
        came = counters["frames_in"] - self._frames
        if came != self.events["frames"]:
            self._says(f"{came} frames came, {self.events['frames']} were told of")
        if not (may_halt and self.client.feed.knowledge.anomalies()):
            self._counted()
        self._silent()

    def _counted(self) -> None:
        """Every request of ours ended in one known way, and orders that the exchange has are known to be there."""
        knowledge, truth = self.client.feed.knowledge, self.client.truth()["orders"]
        there = {client_id for _, _, client_id in truth.values()}
        for number in range(1, self.client.named + 1):
            name = f"id-{number}"
            outcome = knowledge.request(SYMBOL, name).outcome
            if (outcome in ("EXISTS", "TWICE", "ZOMBIE")) != (name in there) or outcome == "NOTHING":
                self._says(f"{name} is {outcome}, and {'is' if name in there else 'is not'} at the exchange")
            if outcome in ("EXISTS", "UNKNOWN", "REJECTED") and self.sent[name] == 0:
                self._says(f"{name} is {outcome}, and was never sent")

    def _silent(self) -> None:
        state = self.client.market.state.text(self.client.market.now_ns())
        told = [*self.texts, state, json.dumps(self.client.feed.picture()), repr(self.client.feed.life)]
        for text in told:
            for secret in self.secrets:
                if len(secret) > 8 and secret in text:
                    self._says(f"a secret shows in: {text.replace(secret, '<secret>')[:200]}")

    def _says(self, text: str) -> None:
        if text not in self.wrong and len(self.wrong) < 20:
            self.wrong.append(text)
