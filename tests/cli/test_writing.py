from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import pytest
from flashc.cli.writing import create_text, replace_text, unified_diff


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("old\n")
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    replace_text(tmp_path / "link.yaml", "new\n")
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text() == "new\n"


def test_a_failed_write_leaves_the_old_text_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old\n")
    with pytest.raises(UnicodeEncodeError):
        replace_text(path, "new \ud800")
    assert path.read_text() == "old\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.yaml"]


def test_a_missing_folder_is_named_as_it_was_given(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        replace_text(tmp_path / "nowhere" / "a.yaml", "x")
    assert caught.value.filename == str(tmp_path / "nowhere" / "a.yaml")


def test_a_folder_that_takes_no_file_is_told_of_the_file_that_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", ".a.yaml.x4h1")

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    with pytest.raises(PermissionError) as caught:
        replace_text(tmp_path / "a.yaml", "x")
    assert caught.value.filename == str(tmp_path / "a.yaml")


def test_a_new_file_never_overwrites(tmp_path: Path) -> None:
    create_text(tmp_path / "a.yaml", "one")
    with pytest.raises(FileExistsError):
        create_text(tmp_path / "a.yaml", "two")


def test_a_diff_marks_a_missing_last_newline() -> None:
    text = unified_diff(Path("a.yaml"), "x: 1\n", "x: 2")
    assert text.endswith("-x: 1\n+x: 2\n\\ No newline at end of file\n")
