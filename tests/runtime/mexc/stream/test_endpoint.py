"""Whom a stream may talk to."""

from __future__ import annotations

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.mexc.stream.endpoint import endpoint


@pytest.mark.parametrize(
    ("url", "shown", "authority"),
    [
        ("ws://127.0.0.1:8765", "ws://127.0.0.1:8765/ws", "127.0.0.1:8765"),
        ("ws://127.0.0.1:8765/ws", "ws://127.0.0.1:8765/ws", "127.0.0.1:8765"),
        ("wss://localhost:9000/other", "wss://localhost:9000/other", "localhost:9000"),
        ("ws://[::1]:1234/", "ws://[::1]:1234/ws", "[::1]:1234"),
        ("ws://127.0.0.1", "ws://127.0.0.1/ws", "127.0.0.1"),
    ],
)
def test_this_machine_may_be_dialled(url: str, shown: str, authority: str) -> None:
    found = endpoint(url)
    assert (str(found), found.authority, found.is_loopback) == (shown, authority, True)


def test_the_exchange_may_be_dialled_only_secured_and_only_when_allowed() -> None:
    assert endpoint("wss://wbs-api.mexc.com/ws", remote=True).tls
    for url, remote in (("wss://wbs-api.mexc.com/ws", False), ("ws://wbs-api.mexc.com/ws", True)):
        with pytest.raises(RuntimeFault, match="FC1210"):
            endpoint(url, remote=remote)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://127.0.0.1",
        "ws://",
        "ws://127.0.0.1:99999",
        "ws://[::1",
        "wss://wbs-api.mexc.com.example.org/ws",
        "wss://10.0.0.1/ws",
        "ws://127.0.0.1.example.org/ws",
        "ws://localhost./ws",
        "ws://localhost.example.org/ws",
        "ws://user:word@127.0.0.1/ws",
        "ws://127.0.0.1/ws?listenKey=canary",
    ],
)
def test_any_other_address_is_refused_and_no_secret_is_shown(url: str) -> None:
    with pytest.raises(RuntimeFault) as caught:
        endpoint(url, remote=True)
    assert caught.value.first.code == "FC1210"
    assert "canary" not in str(caught.value)
    assert "word" not in str(caught.value)
