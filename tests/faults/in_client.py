"""Faults of the exchange's client: the defences against each starred fault of the catalogue, taken away one by one.

What must notice is a test that is named for the catalogue's number, and that speaks over sockets.
"""

from __future__ import annotations

from faults.fault import Check, Fault, check

_M = "runtime/mexc"
_T = "tests/runtime/mexc/faults"
_SOCKETS = tuple(f"{_T}/test_{name}.py" for name in ("on_sockets", "every_fault", "private_faults", "order_faults"))

#: Where a later read mends what a lost defence did, the laws of knowledge must tell: on sockets all agrees in the end.
LAWS = check("tests/runtime/mexc/account/test_knowledge.py")


def named(number: str) -> Check:
    """The tests over sockets that are named for a fault of the catalogue."""
    return check(*_SOCKETS, "-k", f"{number} or {number.replace('-', '_')}")


FAULTS = (
    Fault(
        "W-03: a book that nobody changes is never stale",
        f"{_M}/market/feed.py",
        "if now_ns - self._applied_ns > limits.depth_age_ns:",
        "if now_ns < 0:",
        named("W-03"),
    ),
    Fault(
        "W-03: book and best prices may disagree",
        f"{_M}/market/feed.py",
        "if not self._agreement.holds(now_ns):",
        "if now_ns < 0:",
        named("W-03"),
    ),
    Fault(
        "W-03: trades may stop",
        f"{_M}/market/feed.py",
        "if self._pace.stopped(now_ns):",
        "if now_ns < 0:",
        named("W-03"),
    ),
    Fault(
        "B-01: a gap is taken for an old change",
        f"{_M}/market/depth_sync.py",
        "elif outcome == OLD:\n            self._old(frame, now_ns)",
        "elif outcome in (OLD, GAP):\n            self._old(frame, now_ns)",
        named("B-01"),
    ),
    Fault(
        "B-04: a crossed book is valid",
        f"{_M}/market/feed.py",
        "if self.sync.crossed or self._cross.recent(now_ns):",
        "if now_ns < 0:",
        named("B-04"),
    ),
    Fault(
        "B-04: a crossed book is never built anew",
        f"{_M}/market/depth_sync.py",
        "if now_ns >= self._crossed_due():",
        "if now_ns < 0:",
        named("B-04"),
    ),
    Fault(
        "B-04: a locked book is in order",
        f"{_M}/market/depth_sync.py",
        "if bid is None or ask is None or bid[0] < ask[0]:",
        "if bid is None or ask is None or bid[0] <= ask[0]:",
        named("B-04"),
    ),
    Fault(
        "B-04: a book that stays crossed halts nothing",
        f"{_M}/market/feed.py",
        "if self._cross.look(self.sync.crossed, now_ns):",
        "if self._cross.look(self.sync.crossed, now_ns) and now_ns < 0:",
        named("B-04"),
    ),
    Fault(
        "P-01: what happened while the stream was away is not read",
        f"{_M}/account/feed.py",
        "            self._settle_keys()\n            self._changed()\n",
        "            self._settle_keys()\n            self.synced = True\n",
        named("P-01"),
    ),
    Fault(
        "P-01: an account that nobody hears counts as reconciled",
        f"{_M}/account/feed.py",
        "        if not ready:\n            self.synced = False\n",
        "",
        named("P-01"),
    ),
    Fault(
        "P-02: a fill counts each time it is told",
        f"{_M}/account/orders.py",
        "key = (fact.trade_id, fact.side)",
        "key = (f'{fact.trade_id} {len(self.fills)}', fact.side)",
        named("P-02"),
    ),
    Fault(
        "P-03: an old state takes the place of the last",
        f"{_M}/account/orders.py",
        "rank = max((STATUS_RANKS[status] for status in self.statuses), default=Rank.KNOWN)",
        "rank = min((STATUS_RANKS[status] for status in self.statuses), default=Rank.KNOWN)",
        named("P-03"),
    ),
    Fault(
        "P-03: totals are those of the last message",
        f"{_M}/account/orders.py",
        "self.total = max(self.total, fact.executed)",
        "self.total = fact.executed",
        LAWS,
    ),
    Fault(
        "P-03: balances are those of the last message",
        f"{_M}/account/balances.py",
        "        if fact.time_ms < newest_ms or fact in known:\n"
        "            return False\n"
        "        if fact.time_ms > newest_ms:\n"
        "            known.clear()\n",
        "        known.clear()\n",
        LAWS,
    ),
    Fault(
        "P-04: status 5 is open",
        f"{_M}/account/enums.py",
        '5: "PARTIALLY_CANCELED"}',
        '5: "PARTIALLY_FILLED"}',
        LAWS,
    ),
    Fault(
        "P-04: a status that nobody knows is not asked for",
        f"{_M}/account/orders.py",
        "unclear = not self.statuses or self.unknown_ms > self.status_ms or",
        "unclear =",
        LAWS,
    ),
    Fault(
        "P-06: a stream that tells nothing is believed",
        f"{_M}/account/feed.py",
        "if any(at_ms < report.started_ms - self.config.deaf_ms for at_ms in self._untold_ms.values()):",
        "if not ready:",
        named("P-06"),
    ),
    Fault(
        "P-06: only fills show that a stream is silent",
        f"{_M}/account/reconcile.py",
        "return view is None or not (view.status or view.unknown)",
        "return False",
        named("P-06"),
    ),
    Fault(
        "P-06: an extension that failed counts as done",
        f"{_M}/account/feed.py",
        "        except MexcError:\n            self._new_stream()\n",
        "        except MexcError:\n            self.life.kept(sent_ns)\n",
        named("P-06"),
    ),
    Fault(
        "P-06: orders may be live while nobody hears of them",
        f"{_M}/account/feed.py",
        "if self.blind_ns() > self.config.blind_halt_ns and self.knowledge.live():",
        "if self.blind_ns() < 0:",
        named("P-06"),
    ),
    Fault(
        "P-06: the old stream is closed before the new one works",
        f"{_M}/stream/session.py",
        "        if not all(firsts):\n            return patience\n",
        "        if not all(firsts):\n            return 0\n",
        named("P-06"),
    ),
    Fault(
        "R-01: no answer counts as not sent",
        f"{_M}/rest/caller.py",
        "raise UnknownOutcome(why) if sent else NotSent(why)",
        "raise NotSent(why)",
        named("R-01"),
    ),
    Fault(
        "R-01: every error answer is a refusal",
        f"{_M}/rest/codes.py",
        "return row.kind if row is not None and proven else Kind.UNKNOWN",
        "return Kind.DEFINITIVE",
        named("R-01"),
    ),
    Fault(
        "R-01: an unknown outcome is not looked up",
        f"{_M}/account/knowledge.py",
        'if request.outcome == "UNKNOWN")',
        "if not request.client_id)",
        named("R-01"),
    ),
    Fault(
        "R-03: not found means that there is none",
        f"{_M}/account/knowledge.py",
        '        return "UNKNOWN" if {Evidence.SENT,',
        '        if Evidence.NOT_FOUND in self.evidence:\n            return "REJECTED"\n        return "UNKNOWN" if {Evidence.SENT,',
        named("R-03"),
    ),
    Fault(
        "R-03: an order that was not found is not looked for again",
        f"{_M}/account/knowledge.py",
        'if request.outcome == "UNKNOWN")',
        'if request.outcome == "UNKNOWN" and not request.not_found)',
        named("R-03"),
    ),
    Fault(
        "R-04: what fails is sent again",
        "runtime/net/http.py",
        "                return await self._exchange(request, timeout_ns / 1e9, trace)\n",
        "                try:\n"
        "                    return await self._exchange(request, timeout_ns / 1e9, trace)\n"
        "                except httpx.HTTPError:\n"
        "                    return await self._exchange(request, timeout_ns / 1e9, trace)\n",
        named("R-04"),
    ),
    Fault(
        "R-04: two orders of one request go unnoticed",
        f"{_M}/account/knowledge.py",
        "        if len(self.order_ids) > 1:\n",
        "        if len(self.order_ids) > 2:\n",
        named("R-04"),
    ),
    Fault(
        "R-06: an order that was not found is forgotten",
        f"{_M}/account/knowledge.py",
        'if request.outcome == "UNKNOWN")',
        'if request.outcome == "UNKNOWN" and request.not_found < 2)',
        named("R-06"),
    ),
    Fault(
        "R-09: an order to cancel is over",
        f"{_M}/account/desk.py",
        "        self._cancel_note(symbol, client_id, Evidence.CANCEL_TAKEN)\n",
        "        from .facts import OrderFact\n\n"
        "        for view in self._knowledge.orders():\n"
        "            if view.client_id == client_id:\n"
        "                self._knowledge.apply(OrderFact(symbol, view.order_id, client_id, status='CANCELED'))\n"
        "        self._cancel_note(symbol, client_id, Evidence.CANCEL_TAKEN)\n",
        named("R-09"),
    ),
    Fault(
        "R-09: a cancel that found nothing proves the end",
        f"{_M}/account/desk.py",
        "                self._cancel_note(symbol, client_id, Evidence.CANCEL_UNKNOWN)\n",
        "                from .facts import OrderFact\n\n"
        "                for view in self._knowledge.orders():\n"
        "                    if view.client_id == client_id:\n"
        "                        self._knowledge.apply(OrderFact(symbol, view.order_id, client_id, status='CANCELED'))\n"
        "                self._cancel_note(symbol, client_id, Evidence.CANCEL_UNKNOWN)\n",
        named("R-09"),
    ),
    Fault(
        "X-01: a refusal for too many requests closes nothing",
        f"{_M}/rest/budget.py",
        "self._closed_until_ns = max(self._closed_until_ns or now_ns, now_ns + wait_ns)",
        "self._closed_until_ns = now_ns",
        named("X-01"),
    ),
    Fault(
        "X-01: the wait that the exchange names is ignored",
        f"{_M}/rest/budget.py",
        "wait_ns = _seconds_ns(retry_after) or defaults[status]",
        "wait_ns = defaults[status]",
        named("X-01"),
    ),
)
