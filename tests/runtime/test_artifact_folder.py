"""An artefact folder is read whole and unchanged, or refused with the reason."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flashc.compiler.artifact import write_artifact
from flashc.compiler.frontend.check import check
from flashc.compiler.pipeline import Compiled, compile_checked
from flashc.cython_core.artifact_format import artifact_hash, canonical, folder_name
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.artifact_folder import ArtifactFolder, read_artifact
from flashc.runtime.errors import RuntimeFault
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.strategies import EMA_CROSS


def compiled() -> Compiled:
    document, _ = read_document(Source("s.yaml", EMA_CROSS))
    assert document is not None
    checked, _ = check(document)
    assert checked is not None
    return compile_checked(checked)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_artifact(compiled(), tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def refused(folder: Path) -> RuntimeFault:
    with pytest.raises(RuntimeFault) as caught:
        read_artifact(folder)
    return caught.value


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object], *, honest: bool = False) -> None:
    """Change the manifest; `honest` gives it the hash that it then must have."""
    path = folder / "manifest.json"
    facts = json.loads(path.read_text())
    change(facts)
    if honest:
        facts["hashes"]["artifact"] = artifact_hash(facts)
    path.write_text(canonical(facts))


def test_a_full_disk_names_the_file_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name == "fir.txt":
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"fir\.txt"):
        write_artifact(compiled(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_folder_of_the_cache_is_mended(tmp_path: Path) -> None:
    folder = write_artifact(compiled(), tmp_path)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.write_text("bad\n")
    (folder / "manifest.json").unlink()
    assert write_artifact(compiled(), tmp_path) == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name in whole} == whole


def test_a_whole_folder_is_read(folder: Path) -> None:
    artifact = read_artifact(folder)
    assert isinstance(artifact, ArtifactFolder)
    assert artifact.strategy == "ema_cross"
    assert folder.name == folder_name("ema_cross", artifact.hash)
    assert artifact.kernel.is_file()
    assert artifact.object is None, "made without a C compiler"


def test_a_folder_may_have_another_name_and_other_files_beside(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    (folder / "provenance.json").write_text("{}")
    moved = folder.rename(folder.parent / "production")
    assert read_artifact(moved).strategy == "ema_cross"


@pytest.mark.parametrize("name", ["strategy.yaml", "fir.txt", "explain.json", "warmup.json", "checks.json"])
def test_one_changed_byte_is_named(name: str, folder: Path) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    found = refused(folder)
    assert [(f.code, f.message) for f in found.faults] == [("FC0914", f"{name} was changed after it was made")]


def test_every_difference_is_named_at_once(folder: Path) -> None:
    (folder / "fir.txt").unlink()
    (folder / "strategy.yaml").write_text("")
    messages = [fault.message for fault in refused(folder).faults]
    assert messages == ["fir.txt is missing", "strategy.yaml was changed after it was made"]


def test_a_link_is_refused_even_if_it_leads_to_the_same_bytes(folder: Path) -> None:
    (folder / "fir.txt").rename(folder.parent / "fir.txt")
    (folder / "fir.txt").symlink_to(folder.parent / "fir.txt")
    assert refused(folder).first.message == "fir.txt cannot be read: it is a symbolic link"
    (folder / "manifest.json").rename(folder.parent / "manifest.json")
    (folder / "manifest.json").symlink_to(folder.parent / "manifest.json")
    assert refused(folder).first.code == "FC0913"


def test_a_pipe_in_place_of_a_file_does_not_hang(folder: Path) -> None:
    (folder / "fir.txt").unlink()
    os.mkfifo(folder / "fir.txt")
    assert refused(folder).first.message == "fir.txt cannot be read: not a regular file"


def test_an_edited_manifest_is_noticed(folder: Path) -> None:
    rewrite(folder, lambda facts: facts["params"][0].update(default=13))
    assert "manifest.json was edited" in refused(folder).first.message


def test_a_manifest_in_another_layout_is_noticed(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert "manifest.json was edited" in refused(folder).first.message


def test_another_artefact_under_this_name_is_noticed(folder: Path) -> None:
    rewrite(folder, lambda facts: facts["params"][0].update(default=13), honest=True)
    found = refused(folder).first
    assert found.code == "FC0914"
    assert found.message.startswith(f"the folder is named {folder.name} and holds ema_cross-")


def test_a_manifest_of_another_release_says_which(folder: Path) -> None:
    rewrite(folder, lambda facts: facts.update(manifest=1))
    older = refused(folder).first
    assert older.message == "an artefact of manifest version 1; this release reads version 2"
    assert "compile the strategy again" in older.helps[0]
    rewrite(folder, lambda facts: facts.update(manifest=99))
    assert "a later one" in refused(folder).first.helps[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda facts: facts.pop("needs"), "the manifest has no usable `needs`"),
        (lambda facts: facts.update(min_gap_ns=True), "the manifest has no usable `min_gap_ns`"),
        (lambda facts: facts["hashes"].pop("ir"), "the manifest has no usable `hashes.ir`"),
        (lambda facts: facts["hashes"].update(slots="x"), "the manifest has no usable `hashes.slots`"),
        (lambda facts: facts["files"].pop("fir.txt"), "no usable entry for the file 'fir.txt'"),
        (lambda facts: facts.update(kernel="../kernel.py"), "no usable entry for the file '../kernel.py'"),
        (lambda facts: facts["files"].update({"../x": "0" * 64}), "no usable entry for the file '../x'"),
        (lambda facts: facts["files"].update({"/etc/x": "0" * 64}), "no usable entry for the file '/etc/x'"),
    ],
)
def test_a_manifest_of_another_form_is_no_artefact(
    change: Callable[[dict[str, Any]], object], said: str, folder: Path
) -> None:
    rewrite(folder, change, honest="hashes" not in said)
    found = refused(folder).first
    assert found.code == "FC0913"
    assert said in found.message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"manifest": "2"}',
        b"{" * 100_000,
        b"[" * 100_000,
        b"not json",
        b'{"manifest": true}',
    ],
    ids=repr,
)
def test_foreign_content_is_no_artefact(content: bytes, folder: Path) -> None:
    (folder / "manifest.json").write_bytes(content)
    assert refused(folder).first.code == "FC0913"


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"\\ud800"', "1" * 5_000, "-0.0", "2e400"])
def test_odd_values_are_no_way_in(value: str, folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"risk": {}', f'"risk": {{"x": {value}}}'))
    assert refused(folder).first.code in ("FC0913", "FC0914")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_no_changed_byte_of_the_manifest_goes_unnoticed(folder: Path, data: st.DataObject) -> None:
    path = folder / "manifest.json"
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    piece = data.draw(st.binary(max_size=3).filter(lambda b: b != whole[at : at + 1]))
    path.write_bytes(whole[:at] + piece + whole[at + 1 :])
    try:
        assert refused(folder).first.code in ("FC0913", "FC0914")
    finally:
        path.write_bytes(whole)


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    said = [refused(tmp_path / name).first.message for name in ("missing", "file", "empty")]
    assert said == ["there is no such folder", "this is not a folder", "the folder has no manifest.json"]
