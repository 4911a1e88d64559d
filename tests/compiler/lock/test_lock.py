"""`flash.lock`: written the same way each time, checked where it matters, and never believed when it was touched."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.compiler.lock.file import lock_text, read_lock
from flashc.dsl.diagnostics import FlashcError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.strategies import EMA_CROSS

MODULE = """\
flash: 1
module: helpers
fn:
  calm:                       # a comment
    args: {x: real}
    is: x * 2.0
"""
USING = EMA_CROSS.replace("decide: 1m\n", "decide: 1m\nuse: [helpers, std.bars]\n").replace(
    "size: 100 USDC", "size: helpers.calm(50.0) * 1 USDC"
)
TESTED = "tests:\n  march:\n    tape: march.tape\n    expect:\n      - never: close < 1 USDC/BTC\n"

Edit = Callable[[dict[tuple[str, ...], str]], object]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "a.yaml").write_text(EMA_CROSS)
    (tmp_path / "strategies" / "b.yaml").write_text(USING.replace("strategy: ema_cross", "strategy: other") + TESTED)
    (tmp_path / "strategies" / "helpers.yaml").write_text(MODULE)
    (tmp_path / "strategies" / "march.tape").write_bytes(b"tape")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def locked(place: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert run(["lock"]) == Exit.OK
    capsys.readouterr()
    return place


def rewrite(place: Path, edit: Edit) -> None:
    """A lock that says something else, with the checksum it would have if flashc had written it."""
    pins = dict(read_lock(place / "flash.lock").pins)
    edit(pins)
    (place / "flash.lock").write_text(lock_text(pins))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str, code: Exit = Exit.FILE) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == code
    return capsys.readouterr().err


def test_the_lock_lies_at_the_root_of_the_repository_and_covers_what_is_below(locked: Path) -> None:
    text = (locked / "flash.lock").read_text()
    assert "  - strategies/a.yaml\n  - strategies/b.yaml\n" in text
    assert "  std.bars: sha256:" in text
    assert "  strategies/helpers.yaml: sha256:" in text
    assert "  strategies/march.tape: sha256:" in text
    assert "taker_fee: 0.0005" in text
    assert "  flashc: " in text


def test_the_same_inputs_give_the_same_bytes(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (locked / "flash.lock").read_bytes()
    assert run(["lock"]) == Exit.OK
    assert "is as it was" in capsys.readouterr().out
    assert (locked / "flash.lock").read_bytes() == before
    (locked / "flash.lock").unlink()
    assert run(["lock", "strategies/b.yaml", "strategies/a.yaml"]) == Exit.OK
    assert (locked / "flash.lock").read_bytes() == before


def test_what_was_written_is_read_back(locked: Path) -> None:
    lock = read_lock(locked / "flash.lock")
    assert lock_text(lock.pins) == (locked / "flash.lock").read_text()
    assert all(lock.source.slice(lock.spans[p]) == v for p, v in lock.pins.items() if v)


def test_a_lock_in_order_lets_compile_and_check_pass(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lock", "--check"]) == Exit.OK
    assert "is as it should be" in capsys.readouterr().out
    assert run(["compile", "strategies/b.yaml", "-o", "out"]) == Exit.OK


def test_a_comment_or_the_layout_of_a_module_does_not_make_it_stale(locked: Path) -> None:
    text = (
        MODULE.replace("# a comment", "# another").replace("{x: real}", "{x:   real}").replace("x * 2.0", "(x) * 2.00")
    )
    (locked / "strategies" / "helpers.yaml").write_text(text)
    assert run(["lock", "--check"]) == Exit.OK


def test_another_meaning_of_a_module_does(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (locked / "strategies" / "helpers.yaml").write_text(MODULE.replace("2.0", "2.5"))
    said = refusal(capsys, "compile", "strategies/b.yaml", "-o", "out")
    assert "error[FC0902]: the module `strategies/helpers.yaml` is not the one that flash.lock pins" in said
    assert " --> flash.lock:" in said
    assert " in the lock, sha256:" in said
    assert "run `flashc lock`" in said
    assert not (locked / "out").exists()
    assert run(["compile", "strategies/a.yaml", "-o", "out"]) == Exit.OK, "it does not use the module"
    assert run(["lock"]) == Exit.OK
    assert run(["compile", "strategies/b.yaml", "-o", "out"]) == Exit.OK


def test_a_changed_fee_is_shown_with_both_values(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fee = ("venues", "mexc.spot", "instruments", "BTC/USDC", "taker_fee")
    rewrite(locked, lambda pins: pins.update({fee: "0.0004", (*fee[:2], "profile"): "sha256:" + "0" * 64}))
    said = refusal(capsys, "compile", "strategies/a.yaml")
    assert "error[FC0901]: the profile of `mexc.spot` is not the one that flash.lock pins" in said
    assert "instruments BTC/USDC taker_fee: 0.0004 in the lock, 0.0005 now" in said
    assert said.count("error[") == 1


def test_another_c_compiler_has_its_own_code(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(locked, lambda pins: pins.update({("toolchain", "cc"): "gcc-4.1.2"}))
    said = refusal(capsys, "compile", "strategies/a.yaml", code=Exit.ENVIRONMENT)
    assert "error[FC0903]" in said
    assert "cc: gcc-4.1.2 in the lock" in said
    assert "cc: gcc-4.1.2\n" in said, "the line of the lock is shown"
    assert "install the pinned compiler" in said


def test_another_release_or_library_is_stale(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(locked, lambda pins: pins.update({("toolchain", "flashc"): "0.0.1"}))
    assert "flashc is not the one that flash.lock pins" in refusal(capsys, "lock", "--check")
    assert run(["lock"]) == Exit.OK
    rewrite(locked, lambda pins: pins.update({("edition", "library"): "sha256:" + "1" * 64}))
    assert "the standard library is not the one" in refusal(capsys, "lock", "--check")


def test_tapes_of_tests_are_pinned_by_their_bytes(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (locked / "strategies" / "march.tape").write_bytes(b"other")
    assert "the tape `strategies/march.tape` is not the one" in refusal(capsys, "compile", "strategies/b.yaml")
    (locked / "strategies" / "march.tape").unlink()
    assert "the tape `strategies/march.tape` is not there any more" in refusal(capsys, "compile", "strategies/b.yaml")


def test_tests_are_not_run_on_what_is_not_locked(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["test", "strategies/b.yaml", "-k", "none"]) == Exit.USAGE, "no test of this name"
    (locked / "strategies" / "helpers.yaml").write_text(MODULE.replace("2.0", "2.5"))
    assert "error[FC0902]" in refusal(capsys, "test", "strategies/b.yaml", "-k", "none")
    (locked / "sketch.yaml").write_text((locked / "strategies" / "a.yaml").read_text())
    assert run(["test", "sketch.yaml"]) == Exit.OK


def test_data_sets_of_tests_are_pinned_by_their_content(
    locked: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHC_DATA", str(locked / "data"))
    text = EMA_CROSS + TESTED.replace("march.tape", "demo")
    (locked / "strategies" / "a.yaml").write_text(text)
    synth = ["data", "synth", "--bars", "50", "--name", "demo", "--replace", "--seed"]
    assert run([*synth, "1"]) == Exit.OK
    assert run(["lock"]) == Exit.OK
    assert "  demo: sha256:" in (locked / "flash.lock").read_text()
    assert run([*synth, "2"]) == Exit.OK
    assert "the tape `demo` is not the one" in refusal(capsys, "lock", "--check")


def test_a_strategy_that_is_not_in_the_lock_is_not_compiled(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (locked / "new.yaml").write_text(EMA_CROSS)
    said = refusal(capsys, "compile", "new.yaml")
    assert "`new.yaml` is not in flash.lock" in said
    assert "`flashc lock new.yaml` adds it" in said
    assert "-> flash.lock:" in said
    assert run(["lock", "new.yaml"]) == Exit.OK
    assert "+" not in capsys.readouterr().err
    assert run(["compile", "new.yaml", "-o", "out"]) == Exit.OK


def test_the_command_that_adds_a_strategy_is_the_one_for_this_folder(
    locked: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (locked / "strategies" / "my new.yaml").write_text(EMA_CROSS)
    monkeypatch.chdir(locked / "strategies")
    assert "`flashc lock 'my new.yaml'` adds it" in refusal(capsys, "compile", "my new.yaml")


def test_what_is_gone_is_found_by_check_and_taken_out_by_lock(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (locked / "strategies" / "b.yaml").unlink()
    said = refusal(capsys, "lock", "--check")
    assert "flash.lock names `strategies/b.yaml`, which is not there any more" in said
    assert "`flashc lock` takes it out" in said
    assert "flash.lock pins the module `std.bars`, which no strategy needs any more" in said
    assert run(["lock"]) == Exit.OK
    assert "std.bars" not in (locked / "flash.lock").read_text()


def test_a_backtest_warns_and_goes_on(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from flashc.cli.front import checked_or_raise
    from flashc.cli.locking import warn_if_stale

    _, checked = checked_or_raise(Path("strategies/b.yaml"))
    warn_if_stale(checked)
    assert capsys.readouterr().err == ""
    (locked / "strategies" / "helpers.yaml").write_text(MODULE.replace("2.0", "2.5"))
    warn_if_stale(checked)
    said = capsys.readouterr().err
    assert said.startswith("warning: the module `strategies/helpers.yaml` is not the one that flash.lock pins (FC0902)")
    (locked / "c.yaml").write_text(EMA_CROSS)
    warn_if_stale(checked_or_raise(Path("c.yaml"))[1])
    assert capsys.readouterr().err == "", "a strategy that the lock does not name is a sketch"
    (locked / "flash.lock").write_text("lock: 1\n")
    warn_if_stale(checked)
    assert "(FC0915)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("taker_fee: 0.0005", "taker_fee: 0.0004", "the lock was edited by hand"),
        ("  std.bars: sha256:", "  std.bars: sha256:0", "not a hash"),
        ("lock: 1\n", "lock: 2\n", "a lock of version 2; this release reads version 1"),
        ("lock: 1\n", "", "this is not a lock file: it has no `lock`"),
        ("toolchain:\n", "tools:\n", "a lock has no key `tools`"),
        ("edition:\n", "<<<<<<< HEAD\nedition:\n", "a merge was left half done"),
        ("edition:\n", "edition: [\n", "is missing"),
        ("edition:\n", "edition: 1\nmore:\n", "`edition` has no such value"),
        ("  - strategies/a.yaml\n", "  - {a: b}\n", "a strategy is named by its file"),
        ("  - strategies/a.yaml\n", "  - strategies/c.yaml\n", "the lock was edited by hand"),
        ("modules:\n", "modules:\n  std.bars: twice\n", "the key `std.bars` is written twice"),
    ],
)
def test_a_damaged_lock_is_shown_at_its_place(
    old: str, new: str, said: str, locked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = locked / "flash.lock"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    for arguments in (["compile", "strategies/a.yaml"], ["lock", "--check"]):
        shown = refusal(capsys, *arguments)
        assert "error[FC0915]" in shown
        assert said in shown
        assert " --> flash.lock:" in shown
    assert run(["lock"]) == Exit.OK
    assert "it is written anew" in capsys.readouterr().err
    assert path.read_text() == text


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[]", b"a" * 300_000, b"lock: 1\n" * 9], ids=len)
def test_foreign_content_is_no_lock(content: bytes, locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (locked / "flash.lock").write_bytes(content)
    said = refusal(capsys, "lock", "--check")
    assert "error[FC0915]" in said
    assert "flash: 1" not in said, "advice for strategy files"


def test_without_a_c_compiler_the_pinned_one_stays(
    locked: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (locked / "flash.lock").read_text()
    monkeypatch.setenv("CC", "no-compiler-of-this-name")
    assert run(["lock", "--check"]) == Exit.OK
    assert "stays pinned, unchecked" in capsys.readouterr().err
    assert run(["lock"]) == Exit.OK
    assert (locked / "flash.lock").read_text() == text
    assert "error[FC0903]" in refusal(capsys, "compile", "strategies/a.yaml", code=Exit.ENVIRONMENT)


def test_a_folder_in_the_place_of_the_lock_is_named(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (locked / "flash.lock").unlink()
    (locked / "flash.lock").mkdir()
    assert run(["lock"]) == Exit.ENVIRONMENT
    assert " --> flash.lock\n" in capsys.readouterr().err


def test_the_nearest_lock_counts(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (locked / "flash.lock").read_text()
    (locked / "strategies" / "flash.lock").write_text(text)
    assert "`a.yaml` is not in flash.lock" in refusal(capsys, "compile", "strategies/a.yaml")
    assert run(["lock", "strategies"]) == Exit.OK
    assert "  - a.yaml\n" in (locked / "strategies" / "flash.lock").read_text()
    assert (locked / "flash.lock").read_text() == text


def test_nothing_to_lock_and_a_broken_strategy_are_said(
    place: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    assert "no strategy to put into flash.lock" in refusal(capsys, "lock", str(empty), code=Exit.USAGE)
    assert "there is no file `none.yaml`" in refusal(capsys, "lock", "none.yaml", code=Exit.USAGE)
    assert "there is no flash.lock" in refusal(capsys, "lock", "--check")
    (place / "strategies" / "a.yaml").write_text(EMA_CROSS.replace("fast)", "fastt)"))
    assert "fastt" in refusal(capsys, "lock")
    assert not (place / "flash.lock").exists()


def test_machines_get_the_changes(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(locked, lambda pins: pins.update({("toolchain", "flashc"): "0.0.1"}))
    assert run(["lock", "--json"]) == Exit.OK
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert change["place"] == ["toolchain", "flashc"]
    assert change["old"] == "0.0.1"


def test_files_with_odd_names_are_quoted(place: Path) -> None:
    (place / 'a "b" #c.yaml').write_text(EMA_CROSS)
    assert run(["lock", 'a "b" #c.yaml']) == Exit.OK
    assert run(["lock", "--check"]) == Exit.OK
    assert subprocess.run(["grep", "-c", r'\\"b\\" #c', "flash.lock"], check=True, capture_output=True).stdout == b"1\n"


PINS = {
    ("edition", "number"): "1",
    ("edition", "library"): "sha256:" + "a" * 64,
    ("strategies", "s.yaml"): "",
    ("modules", "std.flow"): "sha256:" + "b" * 64,
    ("venues", "v", "profile"): "sha256:" + "c" * 64,
    ("venues", "v", "instruments", "BTC/USDC", "taker_fee"): "0.0005",
    ("toolchain", "flashc"): "0.1.0",
}


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_a_changed_lock_is_refused_or_says_the_same(tmp_path: Path, data: st.DataObject) -> None:
    whole, path = lock_text(PINS).encode(), tmp_path / "flash.lock"
    at = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(at, min(len(whole), at + 4)))
    path.write_bytes(whole[:at] + data.draw(st.binary(max_size=3)) + whole[end:])
    try:
        codes, pins = set(), dict(read_lock(path).pins)
    except FlashcError as refused:
        codes, pins = {one.code for one in refused.diagnostics}, PINS
    assert codes <= {"FC0915"}
    assert pins == PINS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    name=st.sampled_from(["on", "y", "a b", "#", "a: b", "'", '"', "-", "1"])
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda name: name.strip() == name)
)
def test_any_name_of_a_file_is_read_back(tmp_path: Path, name: str) -> None:
    pins = {**PINS, ("strategies", name): "", ("tapes", name): "sha256:" + "d" * 64}
    assume(not set(name) & set("\u2028\u2029\ufeff\ufffe\uffff"))  # no YAML
    path = tmp_path / "flash.lock"
    path.write_text(lock_text(pins))
    assert dict(read_lock(path).pins) == pins
