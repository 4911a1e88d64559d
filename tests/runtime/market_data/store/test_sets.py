from __future__ import annotations

import json

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.bars import content_hash
from flashc.runtime.market_data.day_parts import parts_of, set_hash
from flashc.runtime.market_data.store.catalog import data_root, list_datasets, resolve
from flashc.runtime.market_data.store.sets import load, read_record, save
from support.tables import edit, edit_record, files


def test_a_data_set_survives_storing(make_dataset, tmp_path):
    data = make_dataset([0, 1, 5], notional=True)
    record = save(data, tmp_path)
    again = load(tmp_path / "test")
    assert content_hash(again.bars) == content_hash(data.bars)
    assert set_hash(parts_of(again)) == set_hash(parts_of(data)) == record.content_hash
    assert (again.instrument, again.period_ns, again.venue) == (data.instrument, data.period_ns, data.venue)
    assert read_record(tmp_path / "test") == record


def test_an_existing_data_set_is_kept_unless_replaced(make_dataset, tmp_path):
    save(make_dataset([0, 1]), tmp_path)
    with pytest.raises(RuntimeFault):
        save(make_dataset([0, 1, 2]), tmp_path)
    assert len(load(tmp_path / "test").bars) == 2
    save(make_dataset([0, 1, 2]), tmp_path, replace=True)
    assert len(load(tmp_path / "test").bars) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["test"]


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", ".hidden", "x" * 101, "a/b", "con."])
def test_names_that_are_no_folder_names_are_refused(make_dataset, tmp_path, name):
    with pytest.raises(RuntimeFault) as caught:
        save(make_dataset([0], name=name), tmp_path)
    assert caught.value.first.code == "FC1011"
    assert not list(tmp_path.iterdir())


def test_a_root_that_is_a_file_is_an_environment_fault(make_dataset, tmp_path):
    (tmp_path / "root").write_text("")
    with pytest.raises(RuntimeFault) as caught:
        save(make_dataset([0]), tmp_path / "root")
    assert caught.value.first.is_environment


def test_a_damaged_record_or_bars_are_refused(make_dataset, tmp_path):
    save(make_dataset([0, 1]), tmp_path)
    folder = tmp_path / "test"
    edit(folder, "1m", lambda frame: frame.head(1))
    with pytest.raises(RuntimeFault) as caught:
        load(folder)
    assert caught.value.first.code == "FC1013"
    for text in ("{", "[]", "{}", json.dumps({"format": "flashc-data/9"})):
        edit_record(folder, lambda info, text=text: info.update(flashc=text))
        with pytest.raises(RuntimeFault) as caught:
            read_record(folder)
        assert caught.value.first.code == "FC1013"
    assert len(list_datasets(tmp_path).faults) == 1


def test_names_and_files_are_found(make_dataset, tmp_path):
    save(make_dataset([0, 1]), tmp_path)
    assert resolve("test", tmp_path).name == "test"
    assert resolve(str(tmp_path / "test"), tmp_path / "elsewhere").name == "test"
    file = tmp_path / "btc-usdt_1m.csv"
    file.write_text("ts,open,high,low,close,volume\n1704067200,1,1,1,1,1\n1704067260,1,1,1,1,1\n")
    assert resolve(str(file), tmp_path).instrument.symbol == "BTC/USDT"


def test_an_unknown_name_suggests_a_near_one(make_dataset, tmp_path):
    save(make_dataset([0, 1]), tmp_path)
    with pytest.raises(RuntimeFault) as caught:
        resolve("tset", tmp_path)
    assert caught.value.first.code == "FC1011"
    assert "`test`" in caught.value.first.helps[0]


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a/" * 400, "nul\0byte", "", "."])
def test_names_that_no_system_takes_are_unknown(tmp_path, name):
    with pytest.raises(RuntimeFault) as caught:
        resolve(name, tmp_path)
    assert caught.value.first.code == "FC1011"


def test_the_root_comes_from_the_argument_the_environment_or_the_default(monkeypatch, tmp_path):
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path))
    assert data_root() == tmp_path
    assert data_root(tmp_path / "a") == tmp_path / "a"
    monkeypatch.delenv("FLASHC_DATA")
    assert str(data_root()) == "data"
    assert list_datasets(tmp_path / "absent").records == ()


def test_an_outline_says_what_is_held_without_reading_it(tmp_path, make_dataset):
    from flashc.runtime.market_data.store.catalog import outline
    from flashc.runtime.market_data.synth.book import BookParameters, generate_book

    bars, events = make_dataset([0, 1, 2]), generate_book(BookParameters(duration_s=5), "l2")
    save(bars, tmp_path)
    save(events, tmp_path)
    for path in [*files(tmp_path / "test", "1m"), *files(tmp_path / "l2", "book")]:
        path.unlink()
    found = [outline("test", tmp_path), outline("l2", tmp_path)]
    assert found[0].period_ns == bars.period_ns
    assert list(found[1].parts()) == ["book", "trades"]
    assert [data.instrument.symbol for data in found] == ["BTC/USDC", "BTC/USDC"]


def test_a_first_version_that_cannot_be_made_leaves_nothing_behind(make_dataset, tmp_path, monkeypatch):
    """As on a full disk: what was written goes away, the name stays free, and files of others stay."""
    import deltalake

    whole = deltalake.write_deltalake

    def full(uri, *args, **kwargs):
        whole(uri, *args, **kwargs)
        next((tmp_path / "test" / "_delta_log").glob("*.json")).unlink()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(deltalake, "write_deltalake", full)
        with pytest.raises(RuntimeFault) as caught:
            save(make_dataset([0, 1]), tmp_path)
        assert (caught.value.first.code, list(tmp_path.iterdir())) == ("FC1017", [])
        (tmp_path / "test").mkdir()
        (tmp_path / "test" / "mine.txt").write_text("kept")
        with pytest.raises(RuntimeFault):
            save(make_dataset([0, 1]), tmp_path, replace=True)
        assert [path.name for path in (tmp_path / "test").iterdir()] == ["mine.txt"]
        (tmp_path / "test" / "mine.txt").unlink()
    assert save(make_dataset([0, 1]), tmp_path).version == 0
