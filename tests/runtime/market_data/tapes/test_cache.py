from __future__ import annotations

import os
import subprocess
import sys

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.store.sets import save
from flashc.runtime.market_data.tapes import cache as tape_cache
from flashc.runtime.market_data.tapes.build import StreamNeed
from flashc.runtime.market_data.tapes.cache import open_or_build, prune, tape_key

MINUTE = 60 * 10**9
NEEDS = [StreamNeed("bar", "BTC/USDC", MINUTE, 2, 6)]


@pytest.fixture
def root(make_dataset, tmp_path):
    save(make_dataset([0, 1, 5]), tmp_path / "root")
    return tmp_path / "root"


def test_a_tape_is_built_once_and_opened_afterwards(root, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    first = open_or_build(["test"], NEEDS, root=root, cache=cache)
    monkeypatch.setattr(tape_cache, "build_tape", None)
    second = open_or_build(["test"], NEEDS, root=root, cache=cache)
    assert second.records.tolist() == first.records.tolist()
    assert second.tape_hash() == first.tape_hash()


def test_the_key_tells_content_needs_and_range_apart(root, make_dataset):
    keys = {tape_key(["test"], NEEDS, None, None, root), tape_key(["test"], NEEDS, 1, None, root)}
    keys.add(tape_key(["test"], [StreamNeed("bar", "BTC/USDC", MINUTE, 2, 5)], None, None, root))
    keys.add(tape_key(["test"], NEEDS, None, None, root, lateness_ns=0))
    save(make_dataset([0, 1, 6]), root, replace=True)
    keys.add(tape_key(["test"], NEEDS, None, None, root))
    assert len(keys) == 5


def test_a_damaged_entry_is_built_again(root, tmp_path):
    cache = tmp_path / "cache"
    whole = open_or_build(["test"], NEEDS, root=root, cache=cache).tape_hash()
    [entry] = cache.iterdir()
    entry.write_bytes(entry.read_bytes()[:-8])
    assert open_or_build(["test"], NEEDS, root=root, cache=cache).tape_hash() == whole


def test_a_cache_that_cannot_be_written_changes_nothing(root, tmp_path):
    (tmp_path / "cache").write_text("")
    assert len(open_or_build(["test"], NEEDS, root=root, cache=tmp_path / "cache")) == 6
    assert len(open_or_build(["test"], NEEDS, root=root)) == 6


def test_faults_are_not_hidden(root, tmp_path):
    with pytest.raises(RuntimeFault):
        open_or_build(["absent"], NEEDS, root=root, cache=tmp_path / "cache")


def test_the_least_recently_used_entries_go(tmp_path, monkeypatch):
    monkeypatch.setattr(tape_cache, "LARGEST_COUNT", 2)
    for age in range(4):
        path = tmp_path / f"{age}.tape"
        path.write_bytes(b"x")
        os.utime(path, (1000 - age, 1000 - age))
    prune(tmp_path, tmp_path / "3.tape")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.tape", "1.tape", "3.tape"]


def test_a_hit_loads_no_polars(root, tmp_path):
    cache = tmp_path / "cache"
    open_or_build(["test"], NEEDS, root=root, cache=cache)
    code = (
        "import sys; from pathlib import Path\n"
        "from flashc.runtime.market_data.tapes.cache import open_or_build\n"
        "from flashc.runtime.market_data.tapes.matching import StreamNeed\n"
        f"tape = open_or_build(['test'], [StreamNeed('bar', 'BTC/USDC', {MINUTE}, 2, 6)],"
        f" root=Path({str(root)!r}), cache=Path({str(cache)!r}))\n"
        "print(len(tape), 'polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["6", "False"]
