"""The folder of a local exchange: one exchange at a time, and no mode is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.simulator.server.folder import Folder, read_running
from support.local_exchange import local_exchange
from support.virtual_time import run_virtual


def test_a_second_exchange_does_not_take_the_folder_of_the_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with local_exchange(tmp_path) as first:
            with pytest.raises(RuntimeFault) as caught:
                local_exchange(tmp_path)
            assert caught.value.first.code == "FC1312"
            assert "runs already" in caught.value.first.message
            assert read_running(tmp_path) == first.running

    run_virtual(main())
    assert read_running(tmp_path) is None


def test_a_folder_is_free_again_when_the_exchange_has_ended(tmp_path: Path) -> None:
    async def once() -> None:
        async with local_exchange(tmp_path) as local:
            assert read_running(tmp_path) == local.running

    for _ in range(2):
        run_virtual(once())
        assert read_running(tmp_path) is None


def test_the_mode_of_a_folder_that_is_there_stays(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_folder_in_which_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(RuntimeFault) as caught:
        Folder(tmp_path)
    assert caught.value.first.code == "FC1312"
    assert tmp_path.stat().st_mode & 0o777 == 0o777


def test_a_folder_that_is_made_is_its_owners_alone(tmp_path: Path) -> None:
    Folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
