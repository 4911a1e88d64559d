"""Faults N-03 and N-04 over TLS on loopback: a server that is not proved gets no byte of ours."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from flashc.runtime.mexc.stream import channels
from flashc.runtime.mexc.stream.connection import StreamShell, system_session, tls_context
from flashc.runtime.mexc.stream.endpoint import endpoint
from flashc.runtime.mexc.stream.events import Event, LinkLost, LinkUp, SessionConfig
from flashc.runtime.net.http import HttpRequest, HttpTransport, TransportError
from support.local_exchange import local_exchange
from support.virtual_time import LoopClock, run_virtual

FAULTS = {
    "none": ("", {}),
    "N-03": ("N-03", {"host": "elsewhere.invalid"}),
    **{f"N-04 {kind}": ("N-04", {"kind": kind}) for kind in ("expired", "self_signed", "stranger", "plain")},
}

Ends = dict[str, tuple[tuple[str, str], int, tuple[str, bool]]]


async def request(url: str, ca_file: Path) -> tuple[str, bool]:
    """How a signed request ends, and whether a byte of it left."""
    transport = HttpTransport(url, certificate=str(ca_file))
    try:
        answer = await transport.send(HttpRequest("POST", "/api/v3/order", "signature=canary"), 3_000_000_000)
        return str(answer.status), True
    except TransportError as error:
        return error.why, error.sent
    finally:
        await transport.close()


async def first_end(url: str, ca_file: Path) -> tuple[str, str]:
    """How the first connection ends up: `up`, or the reason and detail of its loss."""
    at = endpoint(url)
    session = system_session(SessionConfig(endpoint=at, dial_timeout_ns=3_000_000_000), 1)
    found: list[tuple[str, str]] = []

    def on_event(event: Event) -> None:
        if isinstance(event, LinkUp):
            found.append(("up", ""))
        elif isinstance(event, LinkLost):
            found.append((event.reason, event.detail))
        shell.stop()

    shell = StreamShell(session, on_event, tls=tls_context(at, ca_file), now_ns=LoopClock().mono_ns, close_after=0.1)
    shell.subscribe([channels.depth("BTCUSDC")])
    async with asyncio.timeout(10):
        await shell.run()
    return found[0]


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    """Each fault: how the stream ended, how many messages the exchange heard meanwhile, and how a request ended."""

    async def run() -> Ends:
        found = {}
        async with local_exchange(tmp_path_factory.mktemp("tls"), tls=True) as local:
            for name, (fault, values) in FAULTS.items():
                if fault:
                    local.world.board.inject(fault, values, local.world.now_ns)
                before = sum(local.world.counts[one] for one in ("control", "requests"))
                end = await first_end(local.running.wss, local.ca_file)
                asked = await request(local.running.https, local.ca_file)
                heard = sum(local.world.counts[one] for one in ("control", "requests")) - before
                found[name] = end, heard, asked
                local.world.board.heal("", local.world.now_ns)
        return found

    return run_virtual(run())


def test_the_exchange_itself_is_accepted_by_its_own_file(ends: Ends) -> None:
    assert ends["none"][0] == ("up", "")
    assert ends["none"][2][1]


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "none"])
def test_n_03_n_04_an_unproved_server_is_refused(name: str, ends: Ends) -> None:
    (reason, detail), heard, (why, sent) = ends[name]
    assert reason == "tls_refused"
    assert detail
    assert heard == 0
    assert (why.partition(":")[0], sent) == ("no connection", False)
