"""Any bytes are either bars or a fault with a code: nothing else, and nothing slow."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.importers.bars import ImportOptions
from flashc.runtime.market_data.importers.parquet_frame import frame_problem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.bar_files import damage_everywhere, import_file

FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
OPTIONS = ImportOptions(instrument="BTC/USDT", now_ns=1_800_000_000 * 10**9)
ALL = ImportOptions(instrument="BTC/USDT", repairs=frozenset({"all"}), now_ns=1_800_000_000 * 10**9)


def accepted_or_refused(path: Path) -> None:
    for options in (OPTIONS, ALL):
        try:
            data = import_file(path, options)
        except RuntimeFault:
            continue
        bars = data.bars
        assert len(bars) > 0
        assert (np.diff(bars.ts) > 0).all()
        assert (bars.ts % data.period_ns == 0).all()
        assert (bars.low > 0).all()
        assert (bars.high >= np.maximum(bars.open, bars.close)).all()
        assert (bars.low <= np.minimum(bars.open, bars.close)).all()
        assert (bars.volume >= 0).all()


@FUZZ
@given(
    content=st.binary(max_size=400), ending=st.sampled_from(["csv", "parquet", "feather", "json", "zip", "gz", "txt"])
)
def test_any_bytes(tmp_path, content, ending):
    path = tmp_path / f"bars.{ending}"
    path.write_bytes(content)
    accepted_or_refused(path)


cells = st.one_of(
    st.sampled_from(
        ["", "nan", "inf", "-inf", "null", "0", "-1", "1e400", "1e-320", "1e15", "9" * 30, '"', "é", "1,5"]
    ),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(repr),
    st.integers(0, 50).map(lambda k: str(1_704_067_200 + 60 * k)),
    st.integers(0, 50).map(lambda k: str((1_704_067_200 + 60 * k) * 1000)),
    st.integers(0, 59).map(lambda k: f"2024-01-01 00:{k:02}:00"),
    st.integers(0, 59).map(lambda k: f"2024-01-01T00:{k:02}:00+0530"),
    st.text(max_size=6),
)
good_prices = st.tuples(st.floats(1, 100), st.floats(1, 100)).map(
    lambda p: [f"{p[0]:.2f}", f"{max(p):.2f}", f"{min(p):.2f}", f"{p[1]:.2f}", "1.5"]
)
rows = st.one_of(
    st.lists(cells, min_size=4, max_size=8),
    st.tuples(st.integers(0, 50), good_prices).map(lambda r: [str(1_704_067_200 + 60 * r[0]), *r[1]]),
)


@FUZZ
@given(
    header=st.sampled_from(["", "ts,open,high,low,close,volume", "date,open,high,low,close,volume,trades"]),
    table=st.lists(rows, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_any_table_of_text(tmp_path, header, table, delimiter):
    lines = [delimiter.join(row) for row in table]
    head = [header.replace(",", delimiter)] if header else []
    path = tmp_path / "bars.csv"
    path.write_text("\n".join([*head, *lines]), encoding="utf-8", errors="replace")
    accepted_or_refused(path)


def whole(kind: str) -> bytes:
    ts = [1_704_067_200_000 + 60_000 * k for k in range(50)]
    columns = {name: [1.0 + k / 100 for k in range(50)] for name in ("open", "high", "low", "close", "volume")}
    frame, buffer = pl.DataFrame({"ts": ts, **columns}), io.BytesIO()
    frame.write_parquet(buffer) if kind == "parquet" else frame.write_ipc(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_damaged_binary_files(tmp_path, kind):
    content = whole(kind)
    path = tmp_path / f"bars.{kind}"
    damage_everywhere(path, content, accepted_or_refused)


NUMBERS = {name: [1, 2] for name in ("ts", "open", "high", "low", "close", "volume")}


@pytest.mark.parametrize(
    "columns",
    [
        {"ts": [None, None]},
        {"ts": [True, False]},
        {"ts": [[1], [2]]},
        {"ts": [1.5, 2.5]},
        {"ts": pl.Series([2**64 - 1, 1], dtype=pl.UInt64)},
        {"open": [[1], [2]]},
        {"open": ["a", "b"], "high": [[1], [2]]},
    ],
)
def test_columns_of_strange_types(tmp_path, columns):
    path = tmp_path / "bars.parquet"
    pl.DataFrame({**NUMBERS, **columns}).write_parquet(path)
    with pytest.raises(RuntimeFault):
        import_file(path, OPTIONS)


def test_a_footer_with_an_impossible_list_is_refused_before_it_is_read(tmp_path):
    content = bytearray(whole("parquet"))
    length = int.from_bytes(content[-8:-4], "little")
    start = len(content) - 8 - length
    path = tmp_path / "bars.parquet"
    path.write_bytes(content)
    assert frame_problem(path) is None
    refused = 0
    for place in range(start, len(content) - 8):
        damaged = bytearray(content)
        damaged[place] = 0xFC  # a long list of structs, or a long number
        path.write_bytes(damaged)
        refused += frame_problem(path) is not None
    assert refused > 0
    path.write_bytes(bytes(content[:start]) + b"\x29\xfc" + b"\xff" * 8 + b"\x7f" + bytes(content[start + 11 :]))
    assert "a list that claims" in str(frame_problem(path))


# Runs by itself: a reader that ends the process must not end the tests. Prints the last damage it began.
HUNT = """
import random, sys
from pathlib import Path
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.importers.bars import ImportOptions, import_bars
from flashc.runtime.market_data.importers.tables import read_table
path, content = Path(sys.argv[1]), Path(sys.argv[1]).read_bytes()
rng = random.Random(4)
for round in range(600):
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 2))):
        place = rng.randrange(len(damaged))
        damaged[place] = damaged[place] ^ 1 << rng.randrange(8) if round % 2 else rng.choice((0, 127, 128, 255))
    path.write_bytes(damaged)
    print(round, flush=True)
    try:
        import_bars(read_table(path), path, ImportOptions(instrument="BTC/USDT"))
    except RuntimeFault:
        pass
print("survived")
"""


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_no_damage_to_a_parquet_file_ends_the_process(tmp_path, packing):
    path = tmp_path / "bars.parquet"
    pl.read_parquet(io.BytesIO(whole("parquet"))).write_parquet(path, compression=packing)
    ended = subprocess.run([sys.executable, "-c", HUNT, str(path)], capture_output=True, text=True, check=False)
    assert ended.stdout.splitlines()[-1] == "survived", ended.stderr


def test_a_page_that_claims_less_than_no_values_is_refused_before_it_is_read(tmp_path):
    content, path = whole("parquet"), tmp_path / "bars.parquet"
    start = content.index(b"\x15\x64")  # the number 50 in the first page's header
    path.write_bytes(content[:start] + b"\x15\x65" + content[start + 2 :])
    assert frame_problem(path) == "in the header of a page: a count of -51"


def test_a_page_cannot_claim_more_than_its_column(tmp_path):
    content, path = whole("parquet"), tmp_path / "bars.parquet"
    start = content.index(b"\x15\x64")
    path.write_bytes(content[:start] + b"\x15\x66" + content[start + 2 :])
    assert frame_problem(path) == "in the header of a page: a page that claims 51 values of 50"
