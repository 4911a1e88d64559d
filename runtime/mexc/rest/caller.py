"""One request to the exchange, from the parameters to the answer or the error that says what is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ...net.clock import Clock, SystemClock
from ...net.http import HttpAnswer, HttpRequest, HttpTransport, Transport, TransportError
from ..keys.credentials import Credentials, checked
from .budget import Budget, Limits
from .codes import SUCCESS_CODES, Kind, kind_of
from .endpoints import ENDPOINTS, Effect, Endpoint, Share
from .errors import AuthFault, BadAnswer, ClockFault, Definitive, MexcError, NotSent, RateLimited, UnknownOutcome
from .json_text import JsonFault, read_json
from .server_clock import ServerClock
from .signing import Parameters, parameter_text, signed_query

_SECOND_NS = 1_000_000_000
#: Refusals that concern the one request, not the key.
_NOT_THE_KEY = frozenset({700007, 140001, 140002})


@dataclass(frozen=True, slots=True)
class Options:
    """How the client behaves. `patience_ns`: how long a request may wait for the budget; orders never wait."""

    timeout_ns: int = 10 * _SECOND_NS
    patience_ns: int = 30 * _SECOND_NS
    cancel_patience_ns: int = _SECOND_NS
    order_window_ms: int = 2_000
    read_window_ms: int = 5_000
    auth_pause_ns: int = 60 * _SECOND_NS


class Caller:
    """Signs, spends the budget, sends once, and reads the answer. `counters` tells how requests ended, by name."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        budget: Budget | None = None,
        options: Options | None = None,
    ) -> None:
        self._credentials = checked(credentials, base_url)
        self._transport = transport or HttpTransport(base_url)
        self.clock = clock or SystemClock()
        self.budget = budget or Budget(None if credentials else Limits.for_reading())
        self.server_clock = ServerClock()
        self.options = options or Options()
        self.counters: Counter[str] = Counter()
        self._keys_refused_until_ns: int | None = None

    async def close(self) -> None:
        await self._transport.close()

    async def call(self, name: str, parameters: Parameters = (), share: Share | None = None) -> Any:
        """The data of the answer of endpoint `name`, or a `MexcError`.

        Nothing is sent twice, with one exception: when the exchange refused the time of a request that creates no
        order, the clock is set and the request signed anew and sent once more.
        """
        endpoint = ENDPOINTS[name]
        try:
            return await self._once(endpoint, parameters, share)
        except ClockFault as error:
            self.server_clock.refused()
            if endpoint.effect is Effect.CREATE or not error.code:
                raise
        self.counters["clock_retries"] += 1
        return await self._once(endpoint, parameters, share)

    async def sync_clock(self) -> None:
        """Ask the exchange for its time, until it is known well enough or three answers were no help."""
        for _ in range(3):
            await self._admit(ENDPOINTS["time"], None)
            sent_ns = self.clock.mono_ns()
            answer = await self._exchange(ENDPOINTS["time"], HttpRequest("GET", ENDPOINTS["time"].path))
            received_ns = self.clock.mono_ns()
            data = self._data(ENDPOINTS["time"], answer)
            server_ms = data.get("serverTime") if isinstance(data, dict) else None
            if not isinstance(server_ms, int):
                raise BadAnswer("the time is no whole number")
            self.server_clock.sample(sent_ns, received_ns, server_ms)
            if self.server_clock.usable(self.clock.mono_ns()):
                return
        raise ClockFault("the exchange answers too slowly to tell its time")

    async def _once(self, endpoint: Endpoint, parameters: Parameters, share: Share | None) -> Any:
        if endpoint.signed:
            await self._ready_to_sign(endpoint)
        await self._admit(endpoint, share)
        answer = await self._exchange(endpoint, self._request(endpoint, parameters))
        return self._data(endpoint, answer)

    async def _ready_to_sign(self, endpoint: Endpoint) -> None:
        if self._credentials is None:
            raise NotSent("this request needs keys")
        now_ns = self.clock.mono_ns()
        if self._keys_refused_until_ns is not None and now_ns < self._keys_refused_until_ns:
            raise NotSent("the exchange refused the keys", self._keys_refused_until_ns - now_ns)
        self.server_clock.watch_wall(now_ns, self.clock.wall_ns())
        if self.server_clock.usable(now_ns):
            return
        if endpoint.effect is Effect.CREATE:
            raise ClockFault("the exchange's time is not known well enough to send an order")
        await self.sync_clock()

    async def _admit(self, endpoint: Endpoint, share: Share | None) -> None:
        """Wait until the budget has room. Orders never wait: what they were decided on grows old."""
        patience_ns = self.options.patience_ns
        if endpoint.effect is Effect.CREATE:
            patience_ns = 0
        elif endpoint.effect is Effect.CANCEL:
            patience_ns = self.options.cancel_patience_ns
        until_ns = self.clock.mono_ns() + patience_ns
        while wait_ns := self.budget.ask(endpoint, now_ns := self.clock.mono_ns(), share):
            if now_ns + wait_ns > until_ns:
                closed = self.budget.closed_ns(now_ns) > 0
                why = "requests rest after a refusal of the exchange" if closed else "the budget of requests is spent"
                raise NotSent(why, wait_ns)
            await self.clock.sleep(wait_ns)
        if wait_ns is None:
            raise NotSent("the request is heavier than its whole budget")

    def _request(self, endpoint: Endpoint, parameters: Parameters) -> HttpRequest:
        if not endpoint.signed:
            return HttpRequest(endpoint.method, endpoint.path, parameter_text(parameters))
        assert self._credentials is not None, "asked before"
        trading = endpoint.effect in (Effect.CREATE, Effect.CANCEL)
        window_ms = self.options.order_window_ms if trading else self.options.read_window_ms
        time_ms = self.server_clock.server_ms(self.clock.mono_ns())
        query = signed_query(self._credentials.secret, parameters, time_ms, window_ms)
        key = ("X-MEXC-APIKEY", self._credentials.key.reveal().decode("ascii"))
        return HttpRequest(endpoint.method, endpoint.path, query, b"", (key, ("Content-Type", "application/json")))

    async def _exchange(self, endpoint: Endpoint, request: HttpRequest) -> HttpAnswer:
        self.counters["sent"] += 1
        try:
            return await self._transport.send(request, self.options.timeout_ns)
        except TransportError as error:
            self.counters["lost" if error.sent else "not_sent"] += 1
            why, sent = error.why, error.sent
        raise UnknownOutcome(why) if sent else NotSent(why)

    def _data(self, endpoint: Endpoint, answer: HttpAnswer) -> Any:
        """The answer's data without its wrapper, or the error it stands for."""
        wait_ns = self.budget.answered(answer.status, answer.headers.get("retry-after"), self.clock.mono_ns())
        failure = _failure(endpoint, answer, wait_ns)
        if isinstance(failure, MexcError):
            self.counters[type(failure).__name__] += 1
            if isinstance(failure, AuthFault) and failure.code not in _NOT_THE_KEY:
                self._keys_refused_until_ns = self.clock.mono_ns() + self.options.auth_pause_ns
            raise failure
        return failure


def _failure(endpoint: Endpoint, answer: HttpAnswer, wait_ns: int) -> Any:
    """The data of an answer, or a `MexcError` that says what the answer proves."""
    creates = endpoint.effect is Effect.CREATE
    try:
        raw = read_json(answer.body)
    except JsonFault as fault:
        if not creates and answer.status in (418, 429):
            return RateLimited(wait_ns, banned=answer.status == 418)
        return BadAnswer(f"HTTP {answer.status}: {fault.reason}", http=answer.status)
    code = _code(raw)
    if 200 <= answer.status < 300 and code in SUCCESS_CODES:
        wrapped = isinstance(raw, dict) and "data" in raw and "code" in raw
        return raw["data"] if wrapped else raw
    return _refusal(kind_of(answer.status, code, creates=creates), answer.status, code, _text(raw), wait_ns)


def _refusal(kind: Kind, status: int, code: int, text: str, wait_ns: int) -> MexcError:
    if kind is Kind.RATE:
        return RateLimited(wait_ns or 10 * _SECOND_NS, banned=status == 418)
    if kind is Kind.CLOCK:
        return ClockFault(text, code)
    if kind is Kind.UNKNOWN:
        return UnknownOutcome(f"HTTP {status}, code {code}: {text}", http=status, code=code)
    return (AuthFault if kind is Kind.AUTH else Definitive)(code, status, text)


def _code(raw: object) -> int:
    """The code of an answer, 0 where it has none. A code that is no number counts as an unknown one."""
    code = raw.get("code") if isinstance(raw, dict) else None
    if code is None or code == "":
        return 0
    try:
        return int(code)
    except (TypeError, ValueError):
        return -1


def _text(raw: object) -> str:
    """What the exchange says of the error: `msg`, and sometimes `data` instead."""
    if not isinstance(raw, dict):
        return ""
    return str(raw.get("msg") or raw.get("data") or "")
