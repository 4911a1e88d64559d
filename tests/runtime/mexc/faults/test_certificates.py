"""Faults N-03 and N-04 over TLS on loopback: a server that is not proved gets no byte of ours."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from flashc.runtime.mexc.stream import channels
from flashc.runtime.mexc.stream.connection import StreamShell, system_session, tls_context
from flashc.runtime.mexc.stream.endpoint import endpoint
from flashc.runtime.mexc.stream.events import Event, LinkLost, LinkUp, SessionConfig
from support.local_exchange import local_exchange
from support.virtual_time import LoopClock, run_virtual

FAULTS = {
    "none": ("", {}),
    "N-03": ("N-03", {"host": "elsewhere.invalid"}),
    **{f"N-04 {kind}": ("N-04", {"kind": kind}) for kind in ("expired", "self_signed", "stranger", "plain")},
}


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
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[tuple[str, str], int]]:
    """Each fault: how the connection ended, and how many control messages the exchange heard meanwhile."""

    async def run() -> dict[str, tuple[tuple[str, str], int]]:
        found = {}
        async with local_exchange(tmp_path_factory.mktemp("tls"), tls=True) as local:
            for name, (fault, values) in FAULTS.items():
                if fault:
                    local.world.board.inject(fault, values, local.world.now_ns)
                before = local.world.counts["control"]
                end = await first_end(local.running.wss, local.ca_file)
                found[name] = end, local.world.counts["control"] - before
                local.world.board.heal("", local.world.now_ns)
        return found

    return run_virtual(run())


def test_the_exchange_itself_is_accepted_by_its_own_file(ends: dict[str, tuple[tuple[str, str], int]]) -> None:
    assert ends["none"][0] == ("up", "")


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "none"])
def test_n_03_n_04_an_unproved_server_is_refused(name: str, ends: dict[str, tuple[tuple[str, str], int]]) -> None:
    (reason, detail), heard = ends[name]
    assert reason == "tls_refused"
    assert detail
    assert heard == 0
