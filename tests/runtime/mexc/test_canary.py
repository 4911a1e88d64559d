"""Keys, secrets, signatures and listen keys are in no output, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import pickle
import re
import traceback

import pytest
from flashc.runtime.mexc.keys.credentials import Credentials, Namespace
from flashc.runtime.mexc.keys.secret import Secret
from flashc.runtime.mexc.rest.budget import Budget, Limits
from flashc.runtime.mexc.rest.client import MexcRest
from flashc.runtime.mexc.rest.errors import MexcError
from flashc.runtime.mexc.rest.results import NewOrder
from support.virtual_time import LoopClock, run_virtual

KEY, SECRET, LISTEN = "sim-canary-key-7f3a", "canary-secret-19bd", "canary-listen-5e21"
ORDER = NewOrder("MXUSDT", "BUY", "LIMIT", "ab_01", "10", "2.5")


def reply(status: int, body: str, length: int | None = None) -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n{body}".encode()


class Exchange:
    """Answers the time, and then one wrong thing after the other; keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        refused = '{"code":700002,"msg":"Signature for this request is not valid."}'
        self.wrong = [
            reply(400, '{"code":30004,"msg":"Insufficient position"}'), reply(500, "{}"), reply(403, "<html>"), b"",
            reply(200, '{"symbol":'), b"nonsense\r\n\r\n", reply(200, "{}", 99), reply(400, '{"code":700003,"msg":"x"}'),
            reply(429, '{"code":429,"msg":"x"}'), reply(401, '{"code":401,"msg":"x"}'), reply(400, refused),
        ]  # fmt: skip

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heard.append(head)
                answer = self.answer(head)
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()
                if answer.startswith(b"nonsense") or b"Length: 99" in answer:
                    break
        writer.close()

    def answer(self, head: str) -> bytes:
        if "/api/v3/time" in head:
            return reply(200, '{"serverTime":1790000000000}')
        if "userDataStream" in head and head.startswith("POST"):
            return reply(200, f'{{"listenKey":"{LISTEN}"}}')
        return self.wrong.pop(0) if self.wrong else reply(200, "{}")


class Said:
    """Texts that were given out. It has no text form of its own, or each traceback would hold all before it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, *texts: str) -> None:
        self.texts += texts


async def everything(said: Said, exchange: Exchange) -> None:
    """Every kind of success and failure; what each said goes into `said`."""
    server = await asyncio.start_server(exchange.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    keys = Credentials(Namespace.SIMULATOR, Secret(KEY), Secret(SECRET))
    budget = Budget(Limits(wait_429_ns=1, wait_403_ns=1, orders_per_s=1000, requests_per_s=1000))
    rest = MexcRest(url, keys, clock=LoopClock(), budget=budget)
    await rest.sync_clock()
    listen_key = await rest.new_listen_key()
    calls = len(exchange.wrong)
    for number in range(calls + 2):
        if number == calls:
            server.close()
            await rest.close()
        try:
            await (rest.place(ORDER) if number % 2 else rest.keep_listen_key(listen_key))
        except MexcError as error:
            said.add(str(error), repr(error), *_tracebacks(error))
        await asyncio.sleep(0.001)
        if not rest.server_clock.usable(rest.clock.mono_ns()) and number < calls:
            await rest.sync_clock()
    said.add(repr(rest), repr(vars(rest)), repr(keys), repr(listen_key), str(rest.counters))
    with pytest.raises(TypeError) as refused:
        pickle.dumps(keys)
    said.add(*_tracebacks(refused.value))
    await rest.close()


def _tracebacks(error: BaseException) -> list[str]:
    """With every variable of every frame, as the most talkative of tools print them."""
    return list(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def test_no_output_holds_a_key_a_secret_a_signature_or_a_listen_key(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "websockets", "asyncio", "keyring"):
        caplog.set_level(logging.DEBUG, logger=name)
    said, exchange = Said(), Exchange()
    try:
        run_virtual(everything(said, exchange), debug=True)
    finally:
        logging.getLogger().removeHandler(handler)
    heard = "".join(exchange.heard)
    signatures = set(re.findall(r"signature=([0-9a-f]{64})", heard))
    captured = capsys.readouterr()
    shown = "\n".join([*said.texts, log.getvalue(), caplog.text, captured.out, captured.err])
    assert len(signatures) > 8
    assert len(said.texts) > 20
    assert "send_request_headers" in shown, "the library's log was on"
    assert not [word for word in (KEY, SECRET, LISTEN, *signatures) if word in shown]
    assert SECRET not in heard
    assert KEY not in re.sub(r"(?im)^x-mexc-apikey: .*$", "", heard), "the key travels in its header only"


def test_the_canary_would_be_found() -> None:
    def failing(secret: str) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no") as error:
        failing(SECRET)
    assert SECRET in "".join(_tracebacks(error.value))
