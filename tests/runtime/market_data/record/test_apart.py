"""Commits in another process: the same result, the same errors, and no second commit of what was committed."""

from __future__ import annotations

import errno
import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from flashc.runtime.market_data.record import apart, commit
from flashc.runtime.market_data.record.apart import CommitFailed, Helper, recover_apart, serve
from flashc.runtime.market_data.record.commit import KEY, commit_segment, recover
from flashc.runtime.market_data.record.segment import BLOCK_BYTES
from flashc.runtime.market_data.record.spool import Spool, opened
from flashc.runtime.market_data.store.places import table_at
from flashc.runtime.market_data.store.sets import read_record

from .test_commit import T0, events, parts, writing


def segment(root: Path, *, at: int = T0) -> Path:
    """A closed segment that waits."""
    with opened("b", root) as spool:
        made = writing(spool, root)
        made.append(parts(), at)
        made.retire()
        made.sync()
        return spool.path(made.last)


def served(monkeypatch: pytest.MonkeyPatch, *requests: object) -> list[dict[str, object]]:
    """What the helper answers, in this process."""
    monkeypatch.setattr(os, "nice", lambda by: 0)
    answers: list[bytes] = []
    serve([json.dumps(each) + "\n" for each in requests], answers.append)
    return [json.loads(line) for line in answers]


def test_another_process_commits_and_says_the_same_as_this_one(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    done = commit_segment(segment(here), T0, here)
    path = segment(there)
    with Helper() as helper:
        found = helper.commit(path, T0, there)
        assert (found.rows, found.torn_bytes, found.torn_rows, found.record) == (303, 0, 0, None)
        path.write_bytes(b"\0" * 3 * BLOCK_BYTES)
        with pytest.raises(CommitFailed, match="not whole"):
            helper.commit(path, T0 + 1, there)
        with pytest.raises(FileNotFoundError):
            helper.commit(path.with_name("7.seg"), T0 + 1, there)
        assert helper._process is not None
        os.kill(helper._process.pid, signal.SIGKILL)
        with pytest.raises(CommitFailed, match="ended early"):
            helper.commit(path, T0 + 2, there)
    assert done.record is not None
    assert read_record(table_at(there, "b")).content_hash == done.record.content_hash


def test_a_round_without_commits_starts_no_process() -> None:
    with Helper() as helper:
        assert helper._process is None


def test_each_error_has_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = segment(tmp_path)
    request = [T0, str(path), str(tmp_path)]
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=4096))
    assert served(monkeypatch, request)[0]["errno"] == errno.ENOSPC
    monkeypatch.undo()
    (tmp_path / "b").write_text("not a folder")
    assert "FC10" in str(served(monkeypatch, request)[0]["why"])
    (tmp_path / "b").unlink()
    assert served(monkeypatch, request, request)[0] == {"rows": 303, "torn_bytes": 0, "torn_rows": 0}


def test_a_process_that_cannot_be_started_is_a_failed_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart.sys, "executable", str(tmp_path / "nothing"))
    with Helper() as helper, pytest.raises(CommitFailed, match="no process"):
        helper.commit(tmp_path / "1.seg", 1, tmp_path)


def test_a_segment_that_another_process_commits_meanwhile_is_not_committed_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = segment(tmp_path)
    data = path.read_bytes()
    commit_segment(path, T0, tmp_path)
    path.write_bytes(data)
    monkeypatch.setattr(commit, "last_segment", lambda name, root: 0)  # as it was before the other one was done
    assert commit_segment(path, T0, tmp_path).rows == 0
    record = read_record(table_at(tmp_path, "b"))
    assert (record.version, record.progress[KEY]["segments"]) == (0, 1)
    assert len(events(tmp_path).parts()["book"]) == 302 and not path.exists()


def test_what_a_run_left_is_recovered_apart_and_damaged_files_are_put_aside(tmp_path: Path) -> None:
    segment(tmp_path)
    with opened("b", tmp_path) as spool:
        spool.path(5).write_bytes(b"\0" * 3 * BLOCK_BYTES)
        found = recover_apart(spool, tmp_path)
        assert (found.segments, found.rows, len(found.damaged)) == (1, 303, 1)
        assert recover_apart(spool, tmp_path).segments == 0 and spool.leftovers() == []


def test_a_segment_that_is_gone_when_its_turn_comes_is_no_error(tmp_path: Path) -> None:
    class Stale(Spool):
        def leftovers(self) -> list[tuple[int, Path]]:
            return [(T0, self.path(T0))]

    with opened("b", tmp_path) as spool:
        assert recover(Stale(spool.folder), tmp_path).segments == 0
