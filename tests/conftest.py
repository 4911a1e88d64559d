"""Golden files: a test compares text with a file under `tests/golden`; `--update-golden` rewrites the files."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

GOLDEN = Path(__file__).parent / "golden"
MARK = "FLASHC_TEST_CACHE"


# No deadlines and no check of slowness: they would measure the machine. In CI the same examples every time: a red run
# must repeat.
settings.register_profile(
    "flashc",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("flashc")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files with what the code now gives")


def pytest_configure(config: pytest.Config) -> None:
    _share_a_cache(config)
    if config.getoption("--update-golden") and os.environ.get("CI"):
        raise pytest.UsageError("--update-golden is refused in CI: golden files are changed by people, and reviewed")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what their module makes once run in one worker."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def _shares(item: pytest.Item) -> bool:
    """Whether a test uses a fixture of its module, or the module remembers what its functions found."""
    found = getattr(item, "_fixtureinfo", None)
    used = () if found is None else found.name2fixturedefs.values()
    return any(definitions[-1].scope in ("module", "class") for definitions in used) or _remembers(item.path)


@cache
def _remembers(path: Path) -> bool:
    return re.search(r"^@(?:lru_)?cache\b", path.read_text(), re.MULTILINE) is not None


def _share_a_cache(config: pytest.Config) -> None:
    """One cache of compiled code for this run and its workers: never the user's, and nothing is compiled twice."""
    if MARK in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="flashc-tests-")
    os.environ[MARK] = os.environ["FLASHC_CACHE"] = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("rejected/FC0102.txt", text)` fails unless the file under `tests/golden` holds exactly `text`."""
    update = bool(request.config.getoption("--update-golden"))

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no golden file {name}: run the test with --update-golden and review the file"
        assert text == path.read_text(encoding="utf-8"), f"{name} differs; --update-golden rewrites it"

    return compare
