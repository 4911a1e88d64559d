"""Commits in a process of their own, which ends when they are done.

What reads and writes tables takes memory that it does not give back, and holds the interpreter for longer than the
streams can wait. So a recording lets another process do it. Both speak lines of JSON: a request is
`[number, path, root]`, its answer one of `{"rows", "torn_bytes", "torn_rows"}`, `{"errno", "text"}` and `{"why"}`.

The helper ends when its input does, also when the recording was killed; a commit under way is then finished. It is in a
session of its own, so that Ctrl-C reaches the recording alone.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from ...errors import RuntimeFault
from ..store.places import Root
from .commit import Committed, Recovered, commit_segment, recover
from .segment import SegmentDamaged
from .spool import Spool

#: One thread for each library: the commit has time, the streams have not.
_THREADS = {"POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKIO_WORKER_THREADS": "1"}
_NICE = 10
_CALL = "import os, sys; sys.path[:] = {!r}; from {} import serve; serve(sys.stdin, lambda said: os.write(1, said))"


class CommitFailed(Exception):
    """The store did not take a segment: it stays where it is."""


class Helper:
    """Commits of one round. The process starts with the first one, and ends with the `with`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if (process := self._process) is not None:
            process.communicate()

    def commit(self, path: Path, number: int, root: Root | None) -> Committed:
        """As `commit_segment`, without the record. OSError as there, `CommitFailed` for all else."""
        process = self._process = self._process or _started()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps([number, str(path), None if root is None else str(root)]) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
        except (BrokenPipeError, ValueError):
            raise CommitFailed("the process that commits ended early") from None
        if "errno" in answer:
            raise OSError(answer["errno"], answer["text"], str(path))
        if "why" in answer:
            raise CommitFailed(answer["why"])
        return Committed(**answer, record=None)


def _started() -> subprocess.Popen[str]:
    call = _CALL.format(sys.path, __name__)
    try:
        return subprocess.Popen(
            [sys.executable, "-c", call], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **_THREADS}, start_new_session=True,
        )  # fmt: skip
    except OSError as error:  # no room for a process: not a matter of the disk
        raise CommitFailed(f"no process for the commit: {error.strerror}") from error


def recover_apart(spool: Spool, root: Root | None) -> Recovered:
    """As `recover`. What the helper cannot commit is tried here, which says why."""
    with Helper() as helper:

        def commit(path: Path, number: int, root: Root | None) -> Committed:
            try:
                return helper.commit(path, number, root)
            except CommitFailed:
                return commit_segment(path, number, root)

        return recover(spool, root, commit)


def serve(requests: Iterable[str], say: Callable[[bytes], object]) -> None:
    """Commit what is asked for, until the input ends or nobody listens."""
    os.nice(_NICE)
    for line in requests:
        number, path, root = json.loads(line)
        said = json.dumps(answer(Path(path), number, root)) + "\n"
        try:
            say(said.encode())
        except BrokenPipeError:  # the recording was killed
            return


def answer(path: Path, number: int, root: Root | None) -> dict[str, Any]:
    """Commit one segment, and what is to be said of it."""
    try:
        done = commit_segment(path, number, root)
    except OSError as error:
        return {"errno": error.errno or errno.EIO, "text": error.strerror or type(error).__name__}
    except (RuntimeFault, SegmentDamaged, MemoryError) as error:
        return {"why": str(error)}
    return {"rows": done.rows, "torn_bytes": done.torn_bytes, "torn_rows": done.torn_rows}
