"""Our client and the exchange in one process, without sockets: requests are calls, and pushes are handed over."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import quote

from flashc.cython_core.wire.push import decode_push
from flashc.runtime.mexc.account.desk import Desk
from flashc.runtime.mexc.account.facts import fact_of_push
from flashc.runtime.mexc.account.feed import CHANNELS
from flashc.runtime.mexc.account.knowledge import Knowledge
from flashc.runtime.mexc.account.reconcile import Reconciler
from flashc.runtime.mexc.rest.client import MexcRest
from flashc.runtime.net.http import HttpAnswer, HttpRequest, TransportError
from flashc.simulator.rest.calls import Call
from support.local_exchange import START_NS, world
from support.private_world import credentials, roomy

SYMBOL = "BTCUSDC"
MS = 1_000_000


@dataclass
class Wire:
    """The one stream of the client."""

    number: int = 1
    link: str = "private"
    account: str = "alice"
    requests: int = 0


class JoinedClient:
    """`rest`, `desk` and `knowledge` of alice, and the exchange `world`. Time passes when `pass_ms` says so."""

    def __init__(self, **switches: str) -> None:
        self.world, self.now_ns, self.wire = world(**switches), START_NS, Wire()
        self.rest = MexcRest("http://127.0.0.1:1", credentials(), self, self, roomy())
        self.knowledge = Knowledge()
        self.desk = Desk(self.rest, self.knowledge, lambda: None)
        #: What is lost of the next request: nothing, its `answer`, or the `request` itself.
        self.loses = ""

    async def connect(self) -> None:
        """Set the clock, and open the private stream."""
        await self.rest.sync_clock()
        key = await self.rest.new_listen_key()
        assert self.world.hub.open(1, quote(key.reveal()), self.now_ns)
        request = json.dumps({"method": "SUBSCRIPTION", "params": [one.name for one in CHANNELS], "id": 1})
        (answer,) = self.world.heard(self.wire, request, self.now_ns)
        assert json.loads(answer)["msg"] == ",".join(one.name for one in CHANNELS)

    # the exchange as a transport and a clock

    async def send(self, request: HttpRequest, timeout_ns: int) -> HttpAnswer:
        """A request; what was pushed before the answer is known before it."""
        lost, self.loses = self.loses, ""
        if lost == "request":
            raise TransportError("lost", sent=True)
        headers = {name.lower(): text for name, text in request.headers}
        call = Call(request.method, request.path, request.query, request.body.decode(), headers)
        answer = self.world.answer(call, self.wire, lambda reply: None, self.now_ns).answer
        assert answer is not None
        if self.world.exchange.switches.private_when == "before":
            self.listen()
        else:
            asyncio.get_running_loop().call_soon(self.listen)
        if lost:
            raise TransportError("lost", sent=True)
        return HttpAnswer(answer.status, answer.body, {name.lower(): text for name, text in answer.headers.items()})

    async def close(self) -> None:
        """Nothing is open."""

    def wall_ns(self) -> int:
        return self.now_ns

    def mono_ns(self) -> int:
        return self.now_ns

    async def sleep(self, duration_ns: int) -> None:
        self.pass_ms(duration_ns // MS)

    def pass_ms(self, ms: int) -> None:
        """Let the market go on."""
        self.now_ns += ms * MS
        self.listen()

    def listen(self) -> None:
        """Join what the exchange pushes."""
        for push in self.world.step(self.now_ns).pushes:
            fact = fact_of_push(decode_push(push.frame))
            assert fact is not None
            self.knowledge.apply(fact)

    async def reconcile(self, knowledge: Knowledge, passes: int = 2) -> None:
        """Passes over the account, until nothing is missing or `passes` are done."""
        reconciler = Reconciler(self.rest, knowledge, [SYMBOL], START_NS // MS - 60_000)
        for _ in range(passes):
            self.pass_ms(1_000)
            report = await reconciler.run()
            assert not report.incomplete
            if not (knowledge.questions() or knowledge.doubts()):
                return


__all__ = ["SYMBOL", "JoinedClient"]
