"""Measured latencies from a file: a CSV or npz of samples in nanoseconds, in the order in which they were measured.

CSV: a header with some of `place`, `cancel`, `response`; empty cells are skipped. npz: arrays of these names; or the
array `data` with the fields `req_ts`, `exch_ts`, `resp_ts` (order latencies as hftbacktest keeps them), of which
place = exch_ts - req_ts and response = resp_ts - exch_ts, rows without an answer left out.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

KINDS = ("place", "cancel", "response")
_LIMIT_NS = 2**50
_MOST_SAMPLES = 10_000_000

Samples = Mapping[str, tuple[int, ...]]


class LatencyFileError(Exception):
    """The file does not hold latencies. The message is one line; `helps` say how to go on."""

    helps = ("columns or arrays are named place, cancel and response; values are whole nanoseconds",)


def read_latencies(path: Path) -> Samples:
    """Samples by kind; kinds that the file lacks are left out. Raises `LatencyFileError`."""
    try:
        found = _npz(path) if path.suffix == ".npz" else _csv(path)
    except (OSError, ValueError, UnicodeDecodeError, csv.Error) as error:
        raise LatencyFileError(f"the latencies cannot be read: {error}") from None
    found = {kind: samples for kind, samples in found.items() if samples}
    if not found:
        raise LatencyFileError("there is no latency in the file")
    for kind, samples in found.items():
        _require(kind, samples)
    return found


def _require(kind: str, samples: Sequence[int]) -> None:
    if len(samples) > _MOST_SAMPLES:
        raise LatencyFileError(f"{len(samples):,} samples of `{kind}` are more than {_MOST_SAMPLES:,}")
    bad = next((row for row, ns in enumerate(samples) if not 0 <= ns < _LIMIT_NS), None)
    if bad is not None:
        raise LatencyFileError(f"sample {bad + 1} of `{kind}` is {samples[bad]} ns, which no message takes")


def _csv(path: Path) -> dict[str, tuple[int, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        found: dict[str, list[int]] = {kind: [] for kind in KINDS if kind in (reader.fieldnames or ())}
        for row in reader:
            for kind, samples in found.items():
                if row[kind] and row[kind].strip():
                    samples.append(int(row[kind]))
    return {kind: tuple(samples) for kind, samples in found.items()}


def _npz(path: Path) -> dict[str, tuple[int, ...]]:
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            names = set(archive.files)
            arrays = {kind: archive[kind] for kind in KINDS if kind in names}
            rows = archive["data"] if "data" in names and not arrays else None
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from None
    if rows is not None and {"req_ts", "exch_ts", "resp_ts"} <= set(rows.dtype.names or ()):
        rows = rows[(rows["exch_ts"] > 0) & (rows["resp_ts"] > 0)]
        arrays = {"place": rows["exch_ts"] - rows["req_ts"], "response": rows["resp_ts"] - rows["exch_ts"]}
    return {kind: tuple(int(ns) for ns in values.ravel()) for kind, values in arrays.items()}
