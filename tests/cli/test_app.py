"""The frame around the commands: finding them, exit codes, what happens when something goes wrong."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flashc.cli import app, console, failures
from flashc.cli.exit_codes import Exit
from flashc.cli.problem import Problem
from flashc.cli.registry import COMMANDS


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["--help"]) == Exit.OK
    out = capsys.readouterr().out
    assert all(f"  {entry.name} " in out and entry.summary in out for entry in COMMANDS.values())


def test_no_arguments_print_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([]) == Exit.OK
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([name, "--help"]) == Exit.OK
    out = capsys.readouterr().out
    assert f"flashc {name}" in out
    assert "Example" in out
    assert not re.search(r"<(int|str|float|path|list)|x>=|<=x|\[\[", out)  # what a person writes, no Python types
    assert "--json" in out or name in {"data", "sim", "keys", "lsp"}  # groups of commands, and a protocol of its own


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    import flashc

    assert app.run(["--version"]) == Exit.OK
    assert capsys.readouterr().out == f"flashc {flashc.__version__}\n"


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["chek"]) == Exit.USAGE
    err = capsys.readouterr().err
    assert "there is no command `chek`" in err
    assert "did you mean `flashc check`?" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "missing argument"),
        (["check", "--frobnicate"], "no such option: --frobnicate"),
        (["--frobnicate"], "no such option: --frobnicate"),
        (["doc", "FC0304", "FC0305"], "got unexpected extra argument"),
        (["check", "nowhere.yaml"], "there is no file `nowhere.yaml`"),
        (["doc", "FC9999"], "there is no code `FC9999`"),
        (["new", "My-Strategy"], "cannot be the name of a strategy"),
        (["new", "x", "--template", "nope"], "there is no template `nope`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_one_message_and_exit_code_2(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert app.run(arguments) == Exit.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error")
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_wrong_use_with_json_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["check", "nowhere.yaml", "--json"]) == Exit.USAGE
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["kind"] == "usage"
    assert captured.err == ""


def test_a_directory_is_not_a_strategy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("flash: 1\n")
    assert app.run(["check", str(tmp_path)]) == Exit.USAGE
    err = capsys.readouterr().err
    assert "is a directory" in err
    assert "a.yaml" in err


def test_of_an_artefact_the_strategy_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "checks.json").write_text("{}")
    (tmp_path / "strategy.yaml").write_text("flash: 1\n")
    assert app.run(["check", str(tmp_path)]) == Exit.USAGE
    assert f"the strategy in it is `{tmp_path / 'strategy.yaml'}`" in capsys.readouterr().err


def told(error: Exception, capsys: pytest.CaptureFixture[str]) -> tuple[Exit, str]:
    return failures.report(error, []), capsys.readouterr().err


def test_a_full_disk_says_where_room_may_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHC_CACHE", str(tmp_path))
    code, said = told(OSError(errno.ENOSPC, "No space left on device"), capsys)
    assert (code, "make room" in said, f"kept in {tmp_path}; `FLASHC_CACHE`" in said) == (Exit.ENVIRONMENT, True, True)
    code, said = told(OSError(errno.ENOSPC, "No space left on device", "elsewhere.html"), capsys)
    assert ("make room" in said, "--> elsewhere.html" in said, "FLASHC_CACHE" in said) == (True, True, False)
    failures.report(PermissionError(errno.EACCES, "Permission denied", "runs"), ["backtest", "s.yaml"])
    assert "`--out DIR` writes elsewhere" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_can_be_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHC_CACHE", str(tmp_path))
    error = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "objects" / "strategy.so"))
    assert "`FLASHC_CACHE` names another folder" in told(error, capsys)[1]
    assert "FLASHC_CACHE" not in told(PermissionError(errno.EACCES, "Permission denied", "/elsewhere"), capsys)[1]


def test_a_name_that_is_no_text_is_not_our_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        "bad\udcff.yaml".encode()
    code, said = told(caught.value, capsys)
    assert (code, "is not UTF-8 text" in said) == (Exit.USAGE, True)


def test_a_binary_file_is_the_file_s_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\x7fELF\x00\x01\xff\xfe")
    assert app.run(["check", str(path)]) == Exit.FILE
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_the_environment_s_fault(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("flash: 1\n")
    path.chmod(0)
    assert app.run(["check", str(path)]) == Exit.ENVIRONMENT


def broken_command(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr("flashc.cli.version._version", fail)


def test_an_unexpected_exception_is_a_compiler_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_command(monkeypatch, KeyError("lost"))
    assert app.run(["version"]) == Exit.BUG
    err = capsys.readouterr().err
    assert err.startswith("compiler bug: KeyError: 'lost'")
    assert "report it" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    broken_command(monkeypatch, KeyError("lost"))
    assert app.run(["version", "--debug"]) == Exit.BUG
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert "compiler bug: KeyError" in err


def test_a_bug_names_the_file_that_was_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("flash: 1\n")

    def fail(*args: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("flashc.cli.check.read_front", fail)
    assert app.run(["check", str(path)]) == Exit.BUG
    assert f"--> {path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Problem("x"), Exit.USAGE),
        (Problem("x", kind="data"), Exit.FILE),
        (Problem("x", kind="environment"), Exit.ENVIRONMENT),
        (OSError(28, "No space left on device", "/x"), Exit.ENVIRONMENT),
        (MemoryError(), Exit.ENVIRONMENT),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (RecursionError("deep"), Exit.BUG),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(int(value)),
)
def test_each_kind_of_failure_has_its_exit_code(
    error: BaseException, code: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_command(monkeypatch, error)
    assert app.run(["version"]) == code


def test_an_interrupt_is_silent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    broken_command(monkeypatch, KeyboardInterrupt())
    app.run(["version"])
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_ends_a_process_with_130() -> None:
    code = (
        "import sys, time; from flashc.cli import app, version\n"
        "def wait(name): print('ready', flush=True); time.sleep(60)\n"
        "version._version = wait\n"
        "sys.exit(app.run(['version']))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (130, "")


def test_a_closed_pipe_is_silent() -> None:
    command = [sys.executable, "-m", "flashc", "doc"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(timeout=120) == Exit.PIPE_CLOSED


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_behind_the_output_is_one_message() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "flashc", "doc", "FC1310"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == Exit.ENVIRONMENT
    assert done.stderr.count("error[") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["version --json >&-", "version --json >/dev/full"])
def test_a_result_that_cannot_be_written_is_one_message_also_as_json(words: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m flashc {words}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (Exit.ENVIRONMENT, "")
    assert done.stderr.startswith("error")
    assert "Traceback" not in done.stderr


def test_python_m_flashc_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "flashc", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("flashc ")


def test_debug_after_two_dashes_is_an_argument() -> None:
    assert app._take_debug(["check", "--debug", "--", "--debug"]) == (["check", "--", "--debug"], True)


def test_colour_is_only_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert console.colored(Terminal())  # type: ignore[arg-type]
    assert not console.colored()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not console.colored(Terminal())  # type: ignore[arg-type]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not console.colored(Terminal())  # type: ignore[arg-type]


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress("work", 10) as tick:
        tick(10)
    assert capsys.readouterr() == ("", "")


def test_json_refuses_what_is_not_json() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        console.out_json({"x": float("nan")})
