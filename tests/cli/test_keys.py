"""`flashc keys`: typed, stored, checked, forgotten, and never shown."""

from __future__ import annotations

import asyncio
import io
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from flashc.cli.app import run
from flashc.runtime.mexc.keys import sources as key_sources

TYPED = ["sim-canary-key", "canary-secret"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(key_sources, "usable_keyring", lambda: False)
    return tmp_path


def typed(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    left, hidden = list(words), []

    def prompt(text: str, **settings: object) -> str:
        hidden.append(settings.get("hide_input"))
        return left.pop(0)

    monkeypatch.setattr("typer.prompt", prompt)
    monkeypatch.setattr("flashc.cli.keys._is_typed", lambda: True)


@pytest.fixture
def url() -> Iterator[str]:
    """An exchange that knows nobody."""
    ready, found, loop = threading.Event(), [], asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not (await reader.readuntil(b"\n")).startswith(b"\r\n"):
            pass
        body = b'{"serverTime":1790000000000}' if not found[1:] else b'{"code":10072,"msg":"Api key info invalid"}'
        found.append("asked")
        status = b"200" if b"server" in body else b"400"
        writer.write(b"HTTP/1.1 %s X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        writer.close()

    async def start() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        found.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        ready.set()

    thread = threading.Thread(target=lambda: (loop.run_until_complete(start()), loop.run_forever()), daemon=True)
    thread.start()
    assert ready.wait(60)
    yield found[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(60)


def test_keys_are_stored_for_their_owner_only_and_forgotten(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, *TYPED)
    assert run(["keys", "set", "--for", "simulator", "--in", "file"]) == 0
    path = home / "flashc" / "mexc-sim.keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(["keys", "forget", "--for", "simulator"]) == 0
    assert not path.exists()
    shown = capsys.readouterr()
    assert "canary" not in shown.out + shown.err


def test_a_file_that_holds_no_keys_is_not_removed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "notes"
    file.write_text("my notes\n")
    file.chmod(0o600)
    assert run(["keys", "forget", "--file", str(file)]) == 1
    assert "FC1205" in capsys.readouterr().err
    assert file.exists()


def test_no_name_of_a_file_is_one_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed(monkeypatch, *TYPED)
    assert run(["keys", "set", "--for", "simulator", "--in", "file", "--file", ""]) == 3
    assert "FC1206" in capsys.readouterr().err


def test_a_refused_key_says_what_to_look_at(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, *TYPED)
    assert run(["keys", "set", "--for", "simulator", "--in", "file"]) == 0
    assert run(["keys", "check", "--for", "simulator", "--url", url]) == 1
    shown = capsys.readouterr()
    assert "FC1207" in shown.err
    assert "10072" in shown.err
    assert "canary" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check"], "FC1201"),
        (["check", "--for", "simulator"], "no usual address"),
        (["check", "--for", "kraken"], "is not an exchange"),
        (["set", "--in", "clipboard"], "is not a place"),
        (["set", "--in", "keyring", "--file", "f"], "`--in file` writes a file"),
    ],
)
def test_wrong_use_says_how_to_go_on(arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", *arguments]) != 0
    assert code in capsys.readouterr().err


def test_keys_come_from_a_pipe_line_by_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(TYPED)))
    assert run(["keys", "set", "--for", "simulator", "--in", "file"]) == 0
    assert (home / "flashc" / "mexc-sim.keys").read_text().split() == ["key", "=", TYPED[0], "secret", "=", TYPED[1]]
    assert "canary" not in "".join(capsys.readouterr())


def test_a_pipe_that_ends_too_early_stores_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(TYPED[0]))
    assert run(["keys", "set", "--for", "simulator", "--in", "file"]) == 1
    shown = "".join(capsys.readouterr())
    assert "FC1205" in shown
    assert "canary" not in shown
    assert not (home / "flashc").exists()


def test_an_interrupt_at_a_question_ends_the_command(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, *TYPED)

    def interrupted(text: str, **settings: object) -> str:
        raise typer.Abort

    monkeypatch.setattr("typer.prompt", interrupted)
    assert run(["keys", "set", "--for", "simulator", "--in", "file"]) == 130
    assert capsys.readouterr().err == ""
    assert not (home / "flashc").exists()


def test_without_a_keyring_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch)
    assert run(["keys", "set", "--for", "simulator"]) == 3
    assert "FC1206" in capsys.readouterr().err


def test_keys_of_the_wrong_form_are_not_stored(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "mx0canary", "canary-secret")
    assert run(["keys", "set", "--for", "simulator", "--in", "file"]) == 2
    assert "FC1203" in capsys.readouterr().err
    assert not (home / "flashc").exists()
