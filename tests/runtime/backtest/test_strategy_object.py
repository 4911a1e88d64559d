"""Objects of the C engine: what is damaged, foreign or made for something else never runs, and the reason is said."""

from __future__ import annotations

import ctypes
import struct
from hashlib import sha256
from pathlib import Path

import pytest
from flashc.compiler.backends.c.toolchain import Toolchain, command, find_toolchain
from flashc.runtime.backtest import strategy_object
from flashc.runtime.backtest.driver import require_started
from flashc.runtime.backtest.strategy_object import Expected, Table, load, open_object
from flashc.runtime.errors import RuntimeFault

#: The smallest file that has the table: `init` says what the test gave it.
TEXT = """
#include <stdint.h>
typedef struct {{ uint32_t abi, size, level, edition; uint8_t ir[32], build[32], layout[32]; uint32_t words[10];
  uint64_t snapshot; const void *needs, *slots; int64_t (*init)(const int64_t *); void *others[7]; }} table;
static int64_t init(const int64_t *params) {{ return params[0] + 7; }}
static const table own = {{{abi}, {size}, {level}, 1, {{1}}, {{2}}, {{3}}, {{4}}, 0, 0, 0, init, {{0}}}};
__attribute__((visibility("default"))) const table *{entry}(void);
const table *{entry}(void) {{ return &own; }}
{more}
"""
IR, BUILD, LAYOUT = (f"{number:02d}" + "00" * 31 for number in (1, 2, 3))
LEVEL = max(strategy_object.processor_levels())
STARTER = "static volatile int n; __attribute__((constructor)) static void begin(void) { n = 1; }"


def made(folder: Path, more: str = "", **changed: object) -> Path:
    """An object whose table differs in `changed` from one that is accepted."""
    facts = {"abi": 1, "size": "sizeof(table)", "level": LEVEL, "entry": "flash_strategy_v1", **changed}
    target = folder / "strategy.so"
    _compile(find_toolchain(), TEXT.format(more=more, **facts), target)
    return target


def _compile(toolchain: Toolchain, text: str, target: Path) -> None:
    """Without the checks of `build`: some of these objects are foreign on purpose."""
    import subprocess

    subprocess.run(command(toolchain, target, False, ["-w"]), input=text.encode(), check=True)


def refusal(path: Path, expected: Expected | None = None) -> str:
    with pytest.raises(RuntimeFault) as refused:
        load(path, expected)
    assert refused.value.first.code == "FC0910"
    assert str(refused.value.first.where) == str(path)
    return refused.value.first.message


def test_an_object_is_loaded_and_its_functions_run(tmp_path: Path) -> None:
    path = made(tmp_path)
    expected = Expected(sha256(path.read_bytes()).hexdigest(), IR, LAYOUT, BUILD, state_words=4)
    found = open_object(path, expected)
    words = (ctypes.c_int64 * 1)(35)
    init = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(found.kernel.addresses.init)
    assert init(ctypes.addressof(words)) == 42
    assert found.digest("ir") == IR


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"abi": 2}, "it has version 2 of the binary interface, this release has 1"),
        ({"size": 16}, f"its table has 16 bytes, this release's has {ctypes.sizeof(Table)}"),
        ({"level": 99}, "it was made for processors of level number 99, which this one is not"),
        ({"entry": "flash_strategy_v2"}, "it offers flash_strategy_v2, not flash_strategy_v1"),
        ({"more": STARTER}, "it would run code when it is loaded, which no strategy does"),
        ({"more": "extern int open(const char *); int (*used)(const char *) = open;"}, "needs open, which no strategy"),
    ],
)  # fmt: skip
def test_an_object_of_another_kind_is_refused(changed: dict[str, str], said: str, tmp_path: Path) -> None:
    assert said in refusal(made(tmp_path, **changed))


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Expected(sha256="ab" * 32), "its bytes are not those that were recorded: it is damaged or was changed"),
        (Expected(ir="ab" * 32), "it is of another strategy than expected"),
        (Expected(layout="ab" * 32), "it is of another state layout than expected"),
        (Expected(build="ab" * 32), "it is another build than expected"),
        (Expected(state_words=5), "its state has 4 words, 5 were expected"),
    ],
)
def test_an_object_that_is_not_the_expected_one_is_refused(expected: Expected, said: str, tmp_path: Path) -> None:
    assert refusal(made(tmp_path), expected) == said


def test_a_processor_without_the_level_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path)
    monkeypatch.setattr(strategy_object, "processor_levels", lambda: frozenset({0}))
    assert "which this one is not" in refusal(path)


def test_another_processor_s_object_is_never_mapped(tmp_path: Path) -> None:
    path = made(tmp_path)
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, 18, 183)
    path.write_bytes(content)
    assert refusal(path).startswith("it was made for the processor aarch64, this is ")


@pytest.mark.parametrize("cut", [0, 1, 18, 64, 1000, -1])
def test_a_cut_object_is_refused(cut: int, tmp_path: Path) -> None:
    path = made(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    assert refusal(path).startswith("it is no whole shared object")


def test_one_changed_byte_is_found_wherever_it_is(tmp_path: Path) -> None:
    path = made(tmp_path)
    content = path.read_bytes()
    recorded = Expected(sha256=sha256(content).hexdigest())
    for at in range(0, len(content), 997):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert "damaged" in refusal(path, recorded)


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF" + bytes(60)])
def test_what_is_no_object_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "strategy.so").write_bytes(content)
    assert refusal(tmp_path / "strategy.so")


def test_a_missing_object_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "strategy.so") == "it cannot be read: No such file or directory"


def test_a_changed_floating_point_environment_is_a_fault_of_the_process() -> None:
    require_started(0)
    with pytest.raises(RuntimeFault) as refused:
        require_started(1)
    assert refused.value.first.code == "FC0911"
    assert refused.value.first.is_environment
