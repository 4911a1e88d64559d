"""Data sets in an S3-compatible bucket: the same calls, the same bits. The server is a local one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.request import Request, urlopen

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.bars import content_hash
from flashc.runtime.market_data.store import sql, upkeep
from flashc.runtime.market_data.store.catalog import list_datasets, locate, outline, pin, resolve
from flashc.runtime.market_data.store.places import storage_options
from flashc.runtime.market_data.store.sets import append, load, save
from flashc.runtime.market_data.store.sql import ask
from flashc.runtime.market_data.store.sql_scope import EVERYTHING
from flashc.runtime.market_data.store.upkeep import Freed, compact, history, prune
from flashc.runtime.market_data.synth.bars import SynthParameters, generate
from flashc.runtime.market_data.synth.book import BookParameters, generate_book
from flashc.runtime.market_data.tapes.cache import tape_key
from support.bucket_server import bucket_server

ROOT = "s3://bucket/history"


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    with bucket_server("bucket") as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


BARS = generate(SynthParameters(bars=2000, seed=7), "bars")


def part(first: int, stop: int):
    return replace(BARS, bars=BARS.bars.take(slice(first, stop)))


def test_a_bucket_holds_versions_as_a_folder_does(tmp_path):
    assert list_datasets(ROOT).records == ()
    record = save(part(0, 1000), ROOT)
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda k: append(part(1000 + 500 * k, 1500 + 500 * k), ROOT), range(2)))
    local = save(BARS, tmp_path)
    newest = resolve("bars", ROOT)
    assert content_hash(newest.bars) == content_hash(BARS.bars)
    assert content_hash(resolve("bars@0", ROOT).bars) == content_hash(part(0, 1000).bars)
    assert pin(["bars"], ROOT) == ["bars@2"]
    assert tape_key(["bars"], [], None, None, ROOT) == tape_key(["bars"], [], None, None, tmp_path)
    assert list_datasets(ROOT).records[0].content_hash == local.content_hash
    assert [(one.version, one.rows) for one in history(record.path)] == [(2, 2000), (1, 1500), (0, 1000)]
    assert compact(record.path).version == 3
    assert prune(record.path, 1).files > 0
    assert len(load(record.path.at(2)).bars) == 2000
    with pytest.raises(RuntimeFault) as caught:
        load(record.path.at(0))
    assert caught.value.first.code == "FC1020"


def test_what_a_dead_writer_left_in_a_bucket_is_deleted_when_it_is_old_enough(monkeypatch):
    place = save(replace(part(0, 100), name="left"), ROOT).path
    append(replace(part(100, 200), name="left"), ROOT)
    stray = f"{place.uri.replace('s3:/', os.environ['AWS_ENDPOINT_URL'])}/venue=synth/part-7.zstd.parquet"
    urlopen(Request(stray, data=b"half", method="PUT"), timeout=10).close()
    assert not prune(place, 9)  # a writer may still be alive
    monkeypatch.setattr(upkeep, "SAFE_AGE_NS", 0)
    assert prune(place, 9) == Freed(0, 1, None)
    assert not prune(place, 9)
    assert [len(load(place.at(version)).bars) for version in (0, 1, None)] == [100, 200, 200]


def test_a_book_in_a_bucket_answers_sql_and_outlines():
    save(generate_book(BookParameters(duration_s=5), "l2"), ROOT)
    assert list(outline("l2", ROOT).parts()) == ["book", "trades"]
    [(day, rows)] = ask("SELECT min(day), count(*) FROM l2.trades", ROOT).rows
    assert (str(day), rows) == ("2024-01-01", len(resolve("l2", ROOT).trades))


QUERIES = (
    "SELECT day, count(*) FROM twin.bars GROUP BY day ORDER BY day",
    "SELECT count(*), min(time) FROM twin WHERE time > '2024-01-02 03:00' AND day < '2024-01-03'",
    "FROM twin WHERE day = '2024-01-02' ORDER BY ts LIMIT 3",
    "SELECT DATE '2024-01-01' AS day, count(*) FROM twin WHERE day = '2024-01-02' GROUP BY 1",
    "SELECT (SELECT count(*) FROM twin WHERE day = '2024-01-02') - (SELECT count(*) FROM twin.bars)",
    "SELECT t FROM twin t ORDER BY ts DESC LIMIT 1",
    "SELECT a.day, max(b.volume), count(*) FROM twin a JOIN twin b USING (ts) WHERE a.day = '2024-01-02' GROUP BY a.day",
    "FROM (PIVOT twin ON day IN ('2024-01-01', '2024-01-02') USING count(high) GROUP BY venue)",
)


def test_sql_answers_from_a_bucket_as_from_a_folder_that_is_read_whole(tmp_path, monkeypatch):
    data = replace(generate(SynthParameters(bars=4000, seed=7), "twin"), name="twin")
    save(data, ROOT)
    save(data, tmp_path)
    for query in QUERIES:
        there = ask(query, ROOT)
        with monkeypatch.context() as patch:
            patch.setattr(sql, "scope_of", lambda base, text: EVERYTHING)
            here = ask(query, tmp_path)
        assert (there.columns, there.rows) == (here.columns, here.rows), query


def test_a_query_with_a_mistake_reads_nothing_of_a_bucket(tmp_path, monkeypatch):
    save(replace(part(0, 10), name="wrong"), ROOT)
    save(replace(part(0, 10), name="wrong"), tmp_path)
    said = []
    for root in (tmp_path, ROOT):
        with pytest.raises(RuntimeFault) as caught:
            ask("SELECT hihg FROM wrong", root)
        said.append(caught.value.first)
        monkeypatch.setattr(sql, "_files", None)
    assert said[0] == said[1]


def test_what_is_not_there_is_told_as_of_a_folder():
    save(replace(part(0, 10), name="short"), ROOT)
    for name, code in (("absent", "FC1011"), ("short@9", "FC1020")):
        with pytest.raises(RuntimeFault) as caught:
            locate(name, ROOT)
        assert caught.value.first.code == code


def test_a_bucket_that_is_not_there_is_the_surroundings_fault():
    for call in (lambda root: list_datasets(root), lambda root: save(BARS, root), lambda root: locate("x", root)):
        with pytest.raises(RuntimeFault) as caught:
            call("s3://absent/x")
        assert caught.value.first.code in ("FC1023", "FC1011")


def test_plain_http_is_for_this_machine_only(monkeypatch):
    assert storage_options(ROOT)["AWS_ALLOW_HTTP"] == "true"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://storage.example.com:9000")
    assert "AWS_ALLOW_HTTP" not in storage_options(ROOT)
    assert storage_options(os.getcwd()) == {}
