"""The exchange on real sockets of this machine: REST, streams, TLS, limits, and bytes that mean harm."""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from flashc.cython_core.wire.push import decode_push
from flashc.runtime.errors import RuntimeFault
from flashc.simulator.faults.seams import End
from flashc.simulator.server import connection as connection_module
from flashc.simulator.server.clock import Clock
from flashc.simulator.server.folder import Folder
from flashc.simulator.server.local import LocalExchange, Ports
from support.local_exchange import START_NS, local_exchange, signed, world
from support.virtual_time import run_virtual
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

DEPTH = "spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDC"


def run(folder: Path, test: Callable[[LocalExchange], Awaitable[None]], *, tls: bool = False) -> None:
    """Run `test` against an exchange with open ports."""

    async def main() -> None:
        async with asyncio.timeout(20), local_exchange(folder, tls=tls) as local:
            await test(local)

    run_virtual(main())


async def talk(local: LocalExchange, data: bytes, patience_s: float = 2.0) -> bytes:
    """Send bytes to the HTTP port; what comes back until the end, or until nothing comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", local.http.number)
    found = b""
    try:
        writer.write(data)
        async with asyncio.timeout(patience_s):
            while part := await reader.read(65_536):
                found += part
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return found


def request(text: str, *headers: str) -> bytes:
    return "\r\n".join((f"{text} HTTP/1.1", "Host: x", *headers, "", "")).encode()


async def place(local: LocalExchange, name: str) -> bytes:
    """Send a signed order; the answer."""
    query = f"symbol=BTCUSDC&side=BUY&type=LIMIT&quantity=0.01&price=39000&newClientOrderId={name}"
    call = signed("POST", "order", query, local.driver.now_ns())
    lines = [f"{key}: {value}" for key, value in call.headers.items()]
    return await talk(local, request(f"POST {call.path}?{call.query}", *lines, "Content-Length: 0") + LAST)


TIME = request("GET /api/v3/time")
LAST = request("GET /api/v3/ping", "Connection: close")


def test_requests_of_one_connection_are_answered_in_order(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        got = await talk(local, TIME * 3 + request("GET /api/v3/nothing") + LAST)
        assert re.findall(rb"HTTP/1.1 (\d+)", got) == [b"200"] * 3 + [b"404", b"200"]
        assert got.endswith(b"{}")

    run(tmp_path, check)


def test_a_signed_order_arrives_and_is_in_the_ledger(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        got = await place(local, "a1")
        assert b'"orderId":"C02__' in got
        assert [order.client_id for order in local.world.exchange.open_orders("alice")] == ["a1"]
        assert local.world.counts["orders"] == 1

    run(tmp_path, check)


def test_a_body_is_read_like_a_query(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        call = signed(
            "POST", "order/test", "symbol=BTCUSDC&side=BUY&type=LIMIT&quantity=0.01&price=39000", local.driver.now_ns()
        )
        lines = [f"{name}: {value}" for name, value in call.headers.items()]
        body = call.query.encode()
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        for head, sent in ((f"Content-Length: {len(body)}", body), ("Transfer-Encoding: chunked", chunked)):
            assert (await talk(local, request(f"POST {call.path}", *lines, head) + sent + LAST)).startswith(
                b"HTTP/1.1 200"
            )

    run(tmp_path, check)


def test_a_stream_brings_the_book_and_answers_pings(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        async with connect(local.ws_url) as socket_:
            await socket_.send(json.dumps({"method": "SUBSCRIPTION", "params": [DEPTH], "id": 3}))
            assert json.loads(await socket_.recv()) == {"id": 3, "code": 0, "msg": DEPTH}
            first, second = [decode_push(await socket_.recv()).body for _ in range(2)]
            assert int(second.from_version) == int(first.to_version) + 1
            await (await socket_.ping())
            await socket_.send('{"method":"PING"}')
            while isinstance(message := await socket_.recv(), bytes):
                pass
            assert json.loads(message)["msg"] == "PONG"

    run(tmp_path, check)


def test_clients_that_offer_http_2_keep_their_body(tmp_path: Path) -> None:
    """Java's client and `curl --http2` offer an upgrade on a plain port; the rest of the request is as usual."""
    offer = "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"

    async def check(local: LocalExchange) -> None:
        sent = "symbol=BTCUSDC&side=BUY&type=LIMIT&quantity=0.01&price=39000"
        call = signed("POST", "order/test", sent, local.driver.now_ns())
        lines = [f"{name}: {value}" for name, value in call.headers.items()]
        head = request(f"POST {call.path}", *lines, *offer, f"Content-Length: {len(call.query)}")
        got = await talk(local, head + call.query.encode() + request("GET /api/v3/time", *offer) + LAST)
        assert re.findall(rb"HTTP/1.1 (\d+)", got) == [b"200"] * 3

    run(tmp_path, check)


def test_a_body_that_waits_to_be_asked_for_is_asked_for(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        head = request("POST /api/v3/ping", "Expect: 100-continue", "Content-Length: 2")
        assert (await talk(local, head, 0.2)) == b"HTTP/1.1 100 Continue\r\n\r\n"
        got = await talk(local, head + b"ab" + LAST)
        assert re.findall(rb"HTTP/1.1 (\d+)", got) == [b"100", b"405", b"200"]

    run(tmp_path, check)


def test_an_old_client_gets_one_answer_for_a_connection(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        got = await talk(local, b"GET /api/v3/ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert b"\r\nConnection: close\r\n" in got and got.endswith(b"{}")

    run(tmp_path, check)


@pytest.mark.parametrize("offer", ["permessage-deflate", "permessage-deflate; server_max_window_bits=10"])
def test_an_offer_of_compression_is_taken_by_a_switch(tmp_path: Path, offer: str) -> None:
    bits = int(offer.partition("=")[2] or 15)
    offers = [ClientPerMessageDeflateFactory(server_max_window_bits=bits if bits < 15 else None)]

    async def check(local: LocalExchange) -> None:
        for setting in ("declined", "accepted"):
            local.world.exchange.switches = local.world.exchange.switches.set(f"compression={setting}")
            async with connect(local.ws_url, extensions=offers, compression=None) as socket_:
                assert [extension.name for extension in socket_.protocol.extensions] == (
                    ["permessage-deflate"] if setting == "accepted" else []
                )
                await socket_.send(json.dumps({"method": "SUBSCRIPTION", "params": [DEPTH], "id": 3}))
                assert json.loads(await socket_.recv()) == {"id": 3, "code": 0, "msg": DEPTH}
                pushed = [decode_push(await socket_.recv()).body for _ in range(3)]
                assert int(pushed[2].from_version) == int(pushed[1].to_version) + 1

    run(tmp_path, check)


@pytest.mark.parametrize(("setting", "code"), [("1000", 1000), ("1001", 1001), ("none", 1006)])
def test_the_exchange_closes_as_a_switch_says(tmp_path: Path, setting: str, code: int) -> None:
    async def check(local: LocalExchange) -> None:
        local.world.exchange.switches = local.world.exchange.switches.set(f"close_code={setting}")
        async with connect(local.ws_url) as socket_:
            await socket_.send('{"method":"PING"}')
            await socket_.recv()
            local.world.hub.limits = local.world.hub.limits._replace(life_ns=1)
            local.world.hub.check_ns = 0
            await socket_.wait_closed()
            assert socket_.close_code == code

    run(tmp_path, check)


def test_only_whole_text_messages_are_requests(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        async with connect(local.ws_url) as socket_:
            await socket_.send([b'{"method":', b'"PING"}'])
            await socket_.send(['{"method":"SUBSCRIPTION",', '"params":["x"],', '"id":3}'])
            assert json.loads(await socket_.recv())["id"] == 3
            assert local.world.counts["control"] == 1

    run(tmp_path, check)


def test_a_private_stream_needs_a_key_and_tells_of_orders(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        with pytest.raises(Exception, match="400"):
            await connect(f"{local.ws_url}?listenKey=wrong")
        key = local.world.rest.listen_keys.create("alice", local.driver.now_ns())
        async with connect(f"{local.ws_url}?listenKey={key}") as socket_:
            await socket_.send(json.dumps({"method": "SUBSCRIPTION", "params": ["spot@private.orders.v3.api.pb"]}))
            await socket_.recv()
            await place(local, "a1")
            assert decode_push(await socket_.recv()).body.status == 1

    run(tmp_path, check)


def test_the_tls_port_shows_a_certificate_that_the_authority_signed(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        trust = ssl.create_default_context(cafile=str(local.ca_file))
        async with connect(local.running.wss, ssl=trust) as socket_:
            await socket_.send('{"method":"PING"}')
            assert "PONG" in str(await socket_.recv())
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(local.running.wss, ssl=ssl.create_default_context())
        for kind in ("expired", "self_signed", "stranger"):
            fault = local.world.board.inject("bad-certificate", {"kind": kind}, local.driver.now_ns())
            with pytest.raises(ssl.SSLCertVerificationError):
                await connect(local.running.wss, ssl=trust)
            local.world.board.heal(str(fault.number), local.driver.now_ns())
        local.world.board.inject("other-name", {}, local.driver.now_ns())
        with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
            await connect(local.running.wss, ssl=trust)
        local.world.board.heal("", local.driver.now_ns())
        async with connect(local.running.wss, ssl=trust):
            pass

    run(tmp_path, check, tls=True)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"ca.pem": 0o644, "ca.key": 0o600, "lock": 0o600}


HOSTILE = [
    b"\x00" * 100,
    b"\xff\xfe" * 500,
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % k for k in range(2_000)) + b"\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000,
    b"GET /api/v3/ping HTTP/1.1\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
    b"POST /api/v3/order HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"a" * 2_000_000,
    b"POST /api/v3/order HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/v3/order HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500,
    b"GET /api/v3/depth?symbol=%00%ff&limit=%F0%9F%92%A9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
]


def test_hostile_bytes_are_refused_and_leave_it_standing(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        draws = random.Random(4)
        noise = [draws.randbytes(draws.randrange(1, 3_000)) for _ in range(40)]
        answers = await asyncio.gather(*(talk(local, data, 0.3) for data in [*HOSTILE, *noise]))
        assert all(not got or got.startswith(b"HTTP/1.1 4") for got in answers)
        assert (await talk(local, LAST)).startswith(b"HTTP/1.1 200")

    run(tmp_path, check)


def test_hostile_frames_end_their_stream_only(tmp_path: Path) -> None:
    shake = b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    draws = random.Random(5)
    bad = [b"\x81\x05hello", b"\xff" * 50, b"\x81\xff" + b"\xff" * 20, *(draws.randbytes(200) for _ in range(20))]

    async def check(local: LocalExchange) -> None:
        answers = await asyncio.gather(*(talk(local, shake + data, 0.3) for data in bad))
        assert all(got.startswith(b"HTTP/1.1 101") for got in answers)
        assert (await talk(local, LAST)).startswith(b"HTTP/1.1 200")

    run(tmp_path, check)


def test_half_a_request_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "REQUEST_S", 0.05)
    monkeypatch.setattr(connection_module, "IDLE_S", 0.05)

    async def check(local: LocalExchange) -> None:
        half, idle = asyncio.create_task(talk(local, b"GET / HT", 3)), asyncio.create_task(talk(local, b"", 3))
        await asyncio.sleep(0.15)
        local.app.sweep()
        assert (await half).startswith(b"HTTP/1.1 408")
        assert await idle == b""

    run(tmp_path, check)


def test_a_client_that_does_not_read_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(local: LocalExchange) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", local.http.number)
        while not local.app.connections:
            await asyncio.sleep(0.001)
        wire = local.app.connections[1].wire
        for _ in range(64):
            wire.write(b"a" * (1 << 20))
        assert wire.transport.is_closing()
        writer.close()
        del reader

    run(tmp_path, check)


@pytest.mark.parametrize("how", list(End))
def test_a_stream_can_be_ended_in_every_way(tmp_path: Path, how: End) -> None:
    async def check(local: LocalExchange) -> None:
        async with connect(local.ws_url) as socket_:
            fault = local.world.board.inject("stream-close", {"how": how.value, "code": "1012"}, local.driver.now_ns())
            await socket_.wait_closed()
            assert socket_.close_code == (1012 if how is End.FRAME else 1006)
            assert fault.injector.acts == 1

    run(tmp_path, check)


def test_refused_and_unanswered_connects(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        board, port = local.world.board, local.http.number
        for how, error in (("refused", ConnectionRefusedError), ("black_hole", TimeoutError)):
            board.inject("connect-refused", {"how": how}, local.driver.now_ns())
            await asyncio.sleep(0.05)
            with pytest.raises(error):
                async with asyncio.timeout(0.2):
                    await asyncio.open_connection("127.0.0.1", port)
            board.heal("", local.driver.now_ns())
            await asyncio.sleep(0.05)
            assert (await talk(local, LAST)).startswith(b"HTTP/1.1 200")

    run(tmp_path, check)


@pytest.mark.parametrize(
    ("name", "values", "least_s"),
    [
        ("latency", {"to_server": "100", "to_client": "100"}, 0.2),
        ("trickle", {"bytes": "20", "gap": "10"}, 0.1),
        ("stall", {"stall": "150", "flow": "100"}, 0.0),
        ("late-ack", {}, 0.0),
    ],
)
def test_bytes_are_delayed_and_all_arrive(tmp_path: Path, name: str, values: dict[str, str], least_s: float) -> None:
    async def check(local: LocalExchange) -> None:
        begun = asyncio.get_running_loop().time()
        fault = local.world.board.inject(name, values, local.driver.now_ns())
        got = await talk(local, TIME + LAST, 5)
        assert got.count(b"HTTP/1.1 200") == 2
        assert asyncio.get_running_loop().time() - begun >= least_s
        local.world.board.heal(str(fault.number), local.driver.now_ns())
        assert (await talk(local, LAST)).startswith(b"HTTP/1.1 200")

    run(tmp_path, check)


def test_a_request_is_cut_after_some_bytes(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        local.world.board.inject("cut-in-request", {"request": "GET /api", "bytes": "10"}, local.driver.now_ns())
        assert await talk(local, TIME) == b""
        assert local.world.counts["requests"] == 0

    run(tmp_path, check)


def test_healing_lets_everything_out_that_was_held(tmp_path: Path) -> None:
    async def check(local: LocalExchange) -> None:
        local.world.board.inject("stall", {"stall": "60000"}, local.driver.now_ns())
        waiting = asyncio.create_task(talk(local, LAST, 5))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        local.world.board.heal("", local.driver.now_ns())
        assert (await waiting).startswith(b"HTTP/1.1 200")

    run(tmp_path, check)


def test_a_port_in_use_is_a_diagnostic(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RuntimeFault) as caught:
            LocalExchange(
                lambda app, now_ns: world(), Clock(START_NS), Folder(tmp_path), Ports(http=taken.getsockname()[1])
            )
    assert caught.value.first.code == "FC1311"


def test_a_folder_that_cannot_be_made_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeFault) as caught:
        Folder(tmp_path / "file" / "inside")
    assert caught.value.first.code == "FC1312"
