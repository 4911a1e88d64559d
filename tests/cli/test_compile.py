"""`flashc compile`: the whole artefact, the same everywhere, and what each stage looks like."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flashc.cli import building
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.runtime.artifact_folder import read_artifact
from flashc.runtime.backtest.strategy_object import Expected, open_object
from support.strategies import EMA_CROSS

ROOT = Path(__file__).resolve().parents[2]
STRATEGIES = sorted((ROOT / "strategies").glob("*.yaml"))
FILES = {"manifest.json", "strategy.c", "strategy.so", "fir.txt", "explain.json", "warmup.json", "checks.json"}
FILES |= {"strategy.yaml", "provenance.json"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "s.yaml").write_text(EMA_CROSS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(file: Path, out: Path) -> Path:
    assert run(["compile", str(file), "-o", str(out)]) == Exit.OK
    (folder,) = out.iterdir()
    return folder


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def test_the_folder_holds_everything_that_runs(place: Path) -> None:
    folder = made(place / "s.yaml", place / "out")
    kernel = manifest(folder)["kernel"]
    assert {path.name for path in folder.iterdir()} == FILES | {kernel}
    assert read_artifact(folder).object == folder / "strategy.so"
    checks = json.loads((folder / "checks.json").read_text())
    assert all(one["held"] for one in checks)
    assert any("fused" in one["check"] for one in checks)


def test_the_print_says_what_was_made_what_it_needs_and_where(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made(place / "s.yaml", place / "out")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ema_cross · edition 1 · ir ")
    assert "needs      1m bars of BTC/USDC" in lines
    assert "armed      after 181 closed 1m bars of btc" in lines
    assert lines[-1].endswith(folder.name)


@pytest.mark.parametrize("path", STRATEGIES, ids=lambda path: path.stem)
def test_the_manifest_and_the_object_say_the_same(path: Path, tmp_path: Path) -> None:
    folder = made(path, tmp_path)
    facts = manifest(folder)
    hashes, bounds = facts["hashes"], facts["bounds"]
    expected = Expected(
        sha256=facts["files"]["strategy.so"],
        ir=hashes["ir"],
        layout=hashes["slots"],
        build=hashes["build"],
        state_words=facts["state"]["words"],
    )
    table = open_object(folder / "strategy.so", expected).table
    assert bounds == {"state_bytes": 8 * table.state_words, "ops_per_event": table.work}
    assert (table.params, table.n_needs, table.n_slots) == tuple(
        len(part) for part in (facts["params"], facts["needs"], facts["state"]["slots"])
    )
    assert (table.edition, table.instances) == (facts["edition"]["number"], len(facts["instances"]))


SCRIPT = """
import os, sys
os.umask(int(sys.argv[1], 8))
from flashc.cli.app import run
sys.exit(run(["compile", sys.argv[2], "-o", "out"]))
"""
#: Two surroundings that differ in everything that must not matter.
SURROUNDINGS = (
    ("022", {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC", "HOME": "one"}),
    (
        "077",
        {
            "PYTHONHASHSEED": "77",
            "LC_ALL": "C.UTF-8",
            "TZ": "Asia/Tokyo",
            "HOME": "another home",
            "PYTHONOPTIMIZE": "1",
        },
    ),
)


def test_other_folders_umasks_locales_homes_and_seeds_give_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for number, (umask, variables) in enumerate(SURROUNDINGS):
        folder = tmp_path / f"place {number}" / ("deep" * number or "x")
        folder.mkdir(parents=True)
        (folder / "micro_trend.flash.yaml").write_text((ROOT / "strategies" / "multi_score.yaml").read_text())
        home = folder / variables["HOME"]
        home.mkdir()
        environment = {**os.environ, **variables, "HOME": str(home), "FLASHC_CACHE": str(home / "cache")}
        call = [sys.executable, "-c", SCRIPT, umask, str(folder / "micro_trend.flash.yaml")]
        subprocess.run(call, cwd=folder, env=environment, check=True, capture_output=True)
        (artifact,) = (folder / "out").iterdir()
        files = {path.name: path.read_bytes() for path in artifact.iterdir() if path.name != "provenance.json"}
        found.append((artifact.name, files))
    assert found[0] == found[1]
    assert str(tmp_path).encode() not in b"".join(found[0][1].values())


def test_reproducibility_is_a_question_one_can_ask(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "s.yaml", "-o", "out", "--verify-reproducible"]) == Exit.OK
    assert "the same bytes" in capsys.readouterr().out


def test_other_bytes_are_our_bug_and_named(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = building.build_artifact

    def unsteady(compiled: object, cc: str | None = None) -> object:
        from dataclasses import replace

        artifact = usual(compiled, cc)  # type: ignore[arg-type]
        return replace(artifact, files={**artifact.files, "fir.txt": str(id(compiled)).encode()})

    monkeypatch.setattr(building, "build_artifact", unsteady)
    assert run(["compile", "s.yaml", "-o", "out", "--verify-reproducible"]) == Exit.BUG
    said = capsys.readouterr().err
    assert "FC0904" in said
    assert "other bytes in fir.txt" in said
    assert not (place / "out").exists()


def test_provenance_names_time_and_commit_and_changes_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    plain = dict(os.environ)
    uncommitted = made(place / "s.yaml", place / "uncommitted")
    known = json.loads((uncommitted / "provenance.json").read_text())
    assert known["built"] == "2023-11-14T22:13:20Z"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(place)]
    for words in (["init", "-q"], ["add", "s.yaml"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000001")
    monkeypatch.setenv("GIT_DIR", "elsewhere")  # as in a hook of another repository
    subprocess.run([*git, "config", "core.fsmonitor", f"touch {place}/ran;"], check=True, env=plain)
    committed = made(place / "s.yaml", place / "committed")
    known = json.loads((committed / "provenance.json").read_text())
    assert len(known["git"]["commit"]) == 40
    assert known["git"]["unchanged"] is True
    assert committed.name == uncommitted.name
    assert not (place / "ran").exists()


def test_without_a_c_compiler_compile_says_what_to_install(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.delenv("CC", raising=False)
    assert run(["compile", "s.yaml", "-o", "out"]) == Exit.ENVIRONMENT
    assert "apt install gcc" in capsys.readouterr().err
    assert not (place / "out").exists()
    assert run(["compile", "s.yaml", "--emit", "fir,py,c,manifest"]) == Exit.OK


def test_compiling_again_mends_a_damaged_folder(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made(place / "s.yaml", place / "out")
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "strategy.so").write_bytes(b"")
    (folder / "manifest.json").write_text("{}")
    (folder / "fir.txt").unlink()
    (folder / "fir.txt").symlink_to(place / "s.yaml")
    (folder / "notes.txt").write_text("mine")
    assert run(["compile", "s.yaml", "-o", "out"]) == Exit.OK
    said = capsys.readouterr().err
    assert all(f"{name} was changed since it was made" in said for name in ("strategy.so", "manifest.json", "fir.txt"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {**whole, "notes.txt": b"mine"}
    assert (place / "s.yaml").read_text() == EMA_CROSS, "a link is not followed"


def test_asm_shows_the_hot_loop_with_places(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "s.yaml", "--emit", "asm"]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("# strategy_events: ")
    assert lines[1] == "strategy_events:"
    assert any(line.endswith("let.quick 7:10") for line in lines)
    assert 50 < len(lines) < 1000
    assert not [line for line in lines if line.lstrip().startswith((".cfi", ".loc", ".size", ".p2align"))]


@pytest.mark.skipif(shutil.which("clang-14") is None, reason="clang-14 is not installed")
def test_asm_reads_clang_too(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "s.yaml", "--emit", "asm", "--cc", "clang-14"]) == Exit.OK
    said = capsys.readouterr().out
    assert said.startswith("# strategy_events: clang-14")
    assert "let.quick 7:10" in said


def test_c_says_where_each_line_comes_from(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "s.yaml", "--emit", "c"]) == Exit.OK
    assert "· entries.long 10:9 */" in capsys.readouterr().out


def test_code_of_a_module_stands_where_it_is_called(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = EMA_CROSS.replace("decide: 1m\n", "decide: 1m\nuse: [std.bars]\n").replace(
        "cross_up(", "bars.inside() and cross_up("
    )
    (place / "m.yaml").write_text("# a comment\n" * 50 + text)
    assert run(["compile", "m.yaml", "--emit", "c"]) == Exit.OK
    lines = [int(found) for found in re.findall(r" (\d+):\d+ \*/", capsys.readouterr().out)]
    assert min(lines) > 50


def test_llvm_shows_the_hot_loop_of_the_kernel(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "s.yaml", "--emit", "llvm,asm-numba"]) == Exit.OK
    said = capsys.readouterr().out
    assert said.startswith("; events: Numba, ")
    assert " fmul double " in said
    assert "; account/" in said
    assert "@_ZN" not in said
    assert "\n# events: Numba, " in said
    assert len(said.splitlines()) < 3000
