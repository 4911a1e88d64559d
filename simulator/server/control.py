"""The control port: what the exchange knows, as JSON, and the hands that inject and heal faults.

It listens on loopback only and answers only to a loopback name in `Host`, so a page in a browser cannot reach it.
Whoever changes something must show the token from the exchange's folder.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import parse_qs

from ...runtime.errors import RuntimeFault
from ..defaults import MOST_MS
from ..faults.catalogue import CATALOGUE
from ..faults.schedule import NS_PER_MS, Schedule, Target
from ..faults.seams import End, Reply, Shape
from ..rest.calls import Answer, Call, json_answer
from .clock import Clock
from .connection import Connection, Connections
from .driver import Driver
from .stream import Stream
from .truth import ledger, state
from .wire import Wire
from .world import World

_MOST_CONNECTIONS = 50
_LINKS = ("", "rest", "public", "private")


class Wrong(Exception):
    """A request that cannot be done: an HTTP status and a text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class ControlApp(Connections):
    """What stands behind the control port. `port` is its number, once it is open."""

    def __init__(self, world: World, driver: Driver, token: str) -> None:
        super().__init__(_MOST_CONNECTIONS)
        self._world, self._driver, self._token = world, driver, token
        self.clock: Clock = driver.clock
        self.port = 0
        self._routes: Mapping[tuple[str, str], Callable[[Call], object]] = {
            ("GET", "/state"): lambda call: state(world, driver),
            ("GET", "/catalogue"): lambda call: {"faults": [row.facts() for row in CATALOGUE.values()]},
            ("GET", "/faults"): lambda call: self._faults(),
            ("GET", "/ledger"): lambda call: ledger(world, _query(call).get("account", "")),
            ("GET", "/switches"): lambda call: self._switches(),
            ("POST", "/faults"): self._inject,
            ("POST", "/heal"): self._heal,
            ("POST", "/switches"): self._set_switches,
            ("POST", "/clock"): self._set_clock,
        }

    # the port

    def refused(self) -> None:
        """Nothing is counted here."""

    def shapes(self, wire: Wire) -> tuple[Shape, Shape] | None:
        return None

    def cut(self, wire: Wire, head: bytes) -> tuple[int, End] | None:
        return None

    def opened(self, call: Call, connection: Connection) -> Stream | Answer:
        return _wrong(404, "the control port has no streams")

    def answer(self, call: Call, wire: Wire, release: Callable[[Reply], None]) -> Reply:
        return Reply(self.reply(call))

    # requests

    def reply(self, call: Call) -> Answer:
        """The answer to a request."""
        if not self._is_local(call.headers.get("host", "")):
            return _wrong(403, "Host is not a loopback name with this port")
        route = self._routes.get((call.method, call.path))
        if route is None:
            known = any(path == call.path for _, path in self._routes)
            return _wrong(405 if known else 404, "no such request")
        if call.method != "GET" and not self._is_permitted(call.headers.get("authorization", "")):
            return _wrong(401, "the token is not that of this run")
        try:
            return json_answer(route(call))
        except Wrong as error:
            return _wrong(error.status, str(error))
        except RuntimeFault as error:
            first = error.first
            facts = {"code": first.code, "message": first.message, "notes": first.notes, "helps": first.helps}
            return json_answer({"error": facts}, 400)

    def _is_local(self, host: str) -> bool:
        return host in {f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    def _is_permitted(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {self._token}".encode())

    # reading

    def _faults(self) -> object:
        board = self._world.board
        return {"active": [one.facts() for one in board.active], "history": [one.facts() for one in board.history]}

    def _switches(self) -> object:
        return dict(line.split("=", 1) for line in self._world.exchange.switches.lines())

    # changing

    def _inject(self, call: Call) -> object:
        body = _object(call)
        name, given = body.get("name"), body.get("set", {})
        if not isinstance(name, str) or not isinstance(given, dict):
            raise Wrong(400, "`name` is a text and `set` an object")
        values = {str(key): str(value) for key, value in given.items()}
        schedule, target = _schedule(body), _target(body)
        made = self._world.board.inject(name, values, self._driver.now_ns(), schedule, target)
        self._driver.soon()
        return {"fault": made.facts()}

    def _heal(self, call: Call) -> object:
        which = _object(call).get("which", "")
        healed = self._world.board.heal(str(which), self._driver.now_ns())
        self._driver.soon()
        return {"healed": [one.facts() for one in healed]}

    def _set_switches(self, call: Call) -> object:
        switches = self._world.exchange.switches
        for name, value in _object(call).items():
            switches = switches.set(f"{name}={value}")
        self._world.exchange.switches = switches
        return self._switches()

    def _set_clock(self, call: Call) -> object:
        speed = _whole(_object(call), "speed", 0, 1_000_000)
        if speed is None:
            raise Wrong(400, "`speed` is missing")
        self.clock.set_speed(speed)
        self._driver.soon()
        return {"speed": speed}


#: A fault that lasts no time never acts.
_LEAST_MS = {"after": 0, "for": 1, "every": 1}


def _query(call: Call) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(call.query, keep_blank_values=True).items()}


def _object(call: Call) -> dict[str, Any]:
    try:
        found = json.loads(call.body or "{}")
    except (ValueError, RecursionError):
        raise Wrong(400, "the body is not JSON") from None
    if not isinstance(found, dict):
        raise Wrong(400, "the body is not an object")
    return cast("dict[str, Any]", found)


def _schedule(body: Mapping[str, Any]) -> Schedule:
    after, lasts, every = (_whole(body, f"{name}_ms", least, MOST_MS) for name, least in _LEAST_MS.items())
    if every is not None and (lasts is None or every <= lasts):
        raise Wrong(400, "`every_ms` needs a shorter `for_ms`")
    count = _whole(body, "count", 1, 10**9)
    return Schedule(
        (after or 0) * NS_PER_MS,
        None if lasts is None else lasts * NS_PER_MS,
        None if every is None else every * NS_PER_MS,
        count,
    )


def _target(body: Mapping[str, Any]) -> Target:
    texts = {name: body.get(name, "") for name in ("symbol", "account", "link")}
    if not all(isinstance(text, str) for text in texts.values()) or texts["link"] not in _LINKS:
        raise Wrong(400, "`link` is rest, public or private; `symbol` and `account` are texts")
    chance = _whole(body, "chance", 1, 100)
    return Target(**texts, connection=_whole(body, "connection", 1, 10**12), chance=100 if chance is None else chance)


def _whole(body: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Wrong(400, f"`{name}` is a whole number from {least} to {most}")
    return value


def _wrong(status: int, text: str) -> Answer:
    return json_answer({"error": {"code": "", "message": text, "notes": [], "helps": []}}, status)
