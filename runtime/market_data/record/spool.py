"""The folder where segments wait for their place in the store: `ROOT/.recording/NAME/`.

    lock          held while a process writes under this name
    NUMBER.seg    one segment; the numbers rise from segment to segment, also from run to run
    *.damaged     what could not be read, put aside

A segment is deleted when the store has it. The store's commit says which number it was, so one that was committed but
not yet deleted when the process ended is not committed twice.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...errors import fault
from ..store.places import DEFAULT_ROOT, Root, data_root, is_remote, valid_name

FOLDER = ".recording"
_LOCK, _ENDING, _DAMAGED = "lock", ".seg", ".damaged"


def spool_root(root: Root | None) -> Path:
    """Where segments are kept: beside the data sets, or in `./data` if those are in a bucket."""
    base = data_root(root)
    return Path(DEFAULT_ROOT if is_remote(base) else base) / FOLDER


@dataclass(frozen=True, slots=True)
class Spool:
    """The segments of one data set. Make one with `opened`."""

    folder: Path

    @property
    def name(self) -> str:
        """The data set's name."""
        return self.folder.name

    def leftovers(self) -> list[tuple[int, Path]]:
        """Number and path of the segments that are there, in order."""
        found = [path for path in self.folder.glob(f"*{_ENDING}") if path.stem.isdigit()]
        return sorted((int(path.stem), path) for path in found)

    def path(self, number: int) -> Path:
        """Of a segment."""
        return self.folder / f"{number:020d}{_ENDING}"

    def put_aside(self, path: Path) -> Path:
        """Keep a damaged segment out of the way."""
        target = path.with_name(path.name + _DAMAGED)
        path.rename(target)
        return target


@contextmanager
def opened(name: str, root: Root | None) -> Iterator[Spool]:
    """The spool of a data set, locked for this process. FC1036 if another one has it; OSError if it cannot be made."""
    folder = spool_root(root) / valid_name(name)
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(name, folder, handle) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield Spool(folder)
    finally:
        os.close(handle)


def _busy(name: str, folder: Path, handle: int) -> Exception:
    owner = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
    notes = (f"process {owner} writes it",) if owner.isdigit() else ()
    helps = ("end that one first (Ctrl-C keeps what it has), or give another `--name`",)
    return fault("FC1036", f"`{name}` is being recorded already", str(folder), notes=notes, helps=helps)


def waiting(root: Root | None) -> list[str]:
    """Names of data sets that have segments waiting."""
    base = spool_root(root)
    folders = sorted(base.iterdir()) if base.is_dir() else []
    return [folder.name for folder in folders if folder.is_dir() and Spool(folder).leftovers()]
