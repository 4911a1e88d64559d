"""An exchange of canned answers, and a clock that tests turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from flashc.runtime.mexc.keys.credentials import Credentials, Namespace
from flashc.runtime.mexc.keys.secret import Secret
from flashc.runtime.mexc.rest.client import MexcRest
from flashc.runtime.net.http import HttpAnswer, HttpRequest, TransportError

T = TypeVar("T")
BASE = "http://127.0.0.1:1"
START_MS = 1_790_000_000_000
MS = 1_000_000
Answering = Callable[[HttpRequest], HttpAnswer | TransportError]


class FakeClock:
    """Time stands still but for `sleep`, and 1 ms for each request that `FakeTransport` answers."""

    def __init__(self) -> None:
        self.now_ns = 5_000_000_000

    def mono_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return self.now_ns

    async def sleep(self, duration_ns: int) -> None:
        self.now_ns += duration_ns
        await asyncio.sleep(0)


def answer(data: object, status: int = 200, **headers: str) -> HttpAnswer:
    """An answer with JSON, or with the text as it is."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return HttpAnswer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def refusal(code: int, status: int = 400, text: str = "refused", **headers: str) -> HttpAnswer:
    return answer({"code": code, "msg": text}, status, **headers)


class FakeTransport:
    """Answers by path: a list is given one by one, the last one for ever. Keeps what was sent."""

    def __init__(self, clock: FakeClock, **answers: Any) -> None:
        self.clock = clock
        self.answers = {name: list(given) if isinstance(given, list) else [given] for name, given in answers.items()}
        self.sent: list[HttpRequest] = []
        self.before: Callable[[HttpRequest], Awaitable[None]] | None = None

    async def send(self, request: HttpRequest, timeout_ns: int) -> HttpAnswer:
        self.sent.append(request)
        self.clock.now_ns += MS
        if self.before is not None:
            await self.before(request)
        name = f"{request.method}_{request.path.removeprefix('/api/v3/').replace('/', '_')}"
        if name == "GET_time" and name not in self.answers:
            return answer({"serverTime": START_MS + self.clock.now_ns // MS})
        left = self.answers[name]
        found = left.pop(0) if len(left) > 1 else left[0]
        found = found(request) if callable(found) else found
        if isinstance(found, TransportError):
            raise found
        return found

    async def close(self) -> None:
        return

    def count(self, method: str, path: str) -> int:
        return sum(request.method == method and request.path == f"/api/v3/{path}" for request in self.sent)


def parameters(request: HttpRequest) -> dict[str, str]:
    return dict(parse_qsl(request.query, keep_blank_values=True))


def keys() -> Credentials:
    return Credentials(Namespace.SIMULATOR, Secret("sim-key"), Secret("sim-secret"))


def client(**answers: Any) -> tuple[MexcRest, FakeTransport, FakeClock]:
    """A client of the exchange whose answers are given by `METHOD_path`, with `_` for `/`."""
    clock = FakeClock()
    transport = FakeTransport(clock, **answers)
    return MexcRest(BASE, keys(), transport, clock), transport, clock


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 20))
