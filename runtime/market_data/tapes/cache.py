"""Tapes built before. A tape is named by everything that went into it, so a hit needs neither Polars nor the bars.

The cache is disposable: where it cannot be written, tapes are built in memory; a damaged entry is built again; the
least recently used entries go when there are too many.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from ...errors import RuntimeFault
from ..files import file_hash
from ..store.catalog import expand, locate, resolve
from ..store.places import Root, Stored
from ..store.table_log import read_record
from .build import build_tape
from .file import VERSION, Tape, open_tape, write_tape
from .matching import StreamNeed
from .trade_bars import LATENESS_NS

#: Raise it when a rule of import or building changes, so that older entries are not found.
RULES_VERSION = 3
LARGEST_COUNT = 16
LARGEST_BYTES = 1 << 30
_ENDING = ".tape"


def open_or_build(
    sources: Sequence[str],
    needs: Sequence[StreamNeed],
    from_ns: int | None = None,
    to_ns: int | None = None,
    lateness_ns: int = LATENESS_NS,
    *,
    root: Root | None = None,
    cache: Path | None = None,
) -> Tape:
    """The tape of data sets (names or paths), as `build_tape` gives it; from `cache`, a folder, if it is there.

    Faults are those of `catalog.resolve` and `build_tape`. With `cache` None nothing is kept.
    """
    sources = expand(sources)
    if cache is None:
        return build_tape([resolve(source, root) for source in sources], needs, from_ns, to_ns, lateness_ns)
    path = cache / f"{tape_key(sources, needs, from_ns, to_ns, root, lateness_ns)}{_ENDING}"
    found = _open(path)
    if found is not None:
        return found
    tape = build_tape([resolve(source, root) for source in sources], needs, from_ns, to_ns, lateness_ns)
    with suppress(RuntimeFault):  # not writable: the tape in memory does as well
        write_tape(tape, path)
        prune(cache, path)
    return tape


def tape_key(
    sources: Sequence[str],
    needs: Sequence[StreamNeed],
    from_ns: int | None,
    to_ns: int | None,
    root: Root | None = None,
    lateness_ns: int = LATENESS_NS,
) -> str:
    """A name for the tape: versions, the sources' content, needs, range and how long bars wait."""
    facts = [
        [VERSION, RULES_VERSION],
        [_identity(locate(source, root)) for source in sources],
        [asdict(need) for need in needs],
        [from_ns, to_ns, lateness_ns],
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:40]


def _identity(place: Stored | Path) -> list[object]:
    """A stored data set is known by what its record says of the content, whichever version holds it.

    A file is known by its bytes and its name.
    """
    if isinstance(place, Stored):
        record = read_record(place)
        rules = [rule.json() for rule in record.rules]
        return [record.name, record.instrument, record.venue, record.holds, record.content_hash, rules]
    return [str(place), file_hash(place)]


def _open(path: Path) -> Tape | None:
    if not path.is_file():
        return None
    try:
        tape = open_tape(path)
    except RuntimeFault:
        with suppress(OSError):
            path.unlink()
        return None
    with suppress(OSError):
        os.utime(path)  # the newest are kept
    return tape


def prune(cache: Path, keep: Path) -> None:
    """Delete the least recently used tapes beyond LARGEST_COUNT or LARGEST_BYTES, never `keep`."""
    entries = []
    for path in cache.glob(f"*{_ENDING}"):
        with suppress(OSError):
            entries.append((path.stat().st_mtime_ns, path.stat().st_size, path))
    total = 0
    for place, (_, size, path) in enumerate(sorted(entries, reverse=True)):
        total += size
        if path != keep and (place >= LARGEST_COUNT or total > LARGEST_BYTES):
            with suppress(OSError):
                path.unlink()
