"""Every function of the C headers gives the bits of the reference interpreter: gcc and clang, optimized or sanitized."""

from __future__ import annotations

import itertools
import math
import random
import re
from pathlib import Path

import pytest
from flashc.compiler.evaluate.panes import PANES
from flashc.compiler.evaluate.profile import HEADER
from flashc.compiler.evaluate.windows import SLOT
from flashc.compiler.ir.nodes import F64, I64
from flashc.compiler.ir.ops import OPS
from flashc.cython_core import layout as memory
from support.c_calls import (
    BOOKS,
    BUILDS,
    HEADERS,
    HIGH,
    LOW,
    PURE,
    STATE_WORDS,
    Script,
    argument,
    build,
    compilers,
    out_words,
)
from support.extremes import INTEGERS, REALS

SLOT_OPS = sorted(SLOT | PANES)
ALL_INTEGERS = (*INTEGERS, *(2**k for k in range(4, 63, 7)), *(-(2**k) - 1 for k in range(3, 63, 9)))
ALL_REALS = (
    *REALS,
    *(math.nextafter(2.0**63, s) for s in (0.0, math.inf)),
    -1e-310,
    1e16,
    -0.49999999999999994,
    1023.5,
)


@pytest.fixture(
    scope="module", params=list(itertools.product(compilers(), BUILDS)), ids=lambda p: f"{Path(p[0]).name} {p[1]}"
)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler, level = request.param
    return build(tmp_path_factory.mktemp("calls"), compiler, level)


def test_gcc_is_there() -> None:
    assert any("gcc" in path for path in compilers()), "install gcc: the C engine and its tests need a compiler"


def pure_script() -> Script:
    script, rng = Script(), random.Random(1)
    for name in PURE:
        kinds = OPS[name].args
        pool = ALL_REALS if kinds[-1] == F64 else ALL_INTEGERS
        for pair in itertools.product(pool, pool) if len(kinds) > 1 else ((x, x) for x in pool):
            values = (*pair, rng.choice(pool))[-len(kinds) :]
            script.pure(name, *(argument(t, _whole(v), float(v)) for t, v in zip(kinds, values, strict=True)))
        for _ in range(60):
            numbers = [(rng.randint(-(2**63), 2**63 - 1), rng.gauss(0.0, 10 ** rng.uniform(-8, 8))) for _ in kinds]
            script.pure(name, *(argument(t, *n) for t, n in zip(kinds, numbers, strict=True)))
    return script


def _whole(x: float) -> int:
    return x if isinstance(x, int) else hash(x)


def test_scalar_operations_agree_on_extremes_and_random_values(program: Path) -> None:
    pure_script().check(program)


def slot_words(name: str, size: int) -> int:
    """Words of a slot whose ring or tree holds `size` values."""
    if name.startswith("profile."):
        return HEADER + 2 * size
    if name.endswith((".mom", ".mean", ".m2")) and name.startswith("tree."):
        return 6 * size
    return size if name.startswith(("ring.", "win.")) else 2 * size


#: Operations that write and read one slot -> the type of its words.
FAMILIES: dict[str, tuple[str, list[str]]] = {
    "ring.i": (I64, [n for n in SLOT_OPS if n.startswith(("ring.", "win.")) and (n.endswith(".i") or n[4] == "i")]),
    "ring.f": (F64, [n for n in SLOT_OPS if n.startswith(("ring.", "win.")) and not (n.endswith(".i") or n[4] == "i")]),
    "sorted": (F64, ["sort.put", "sort.nth"]),
    "pairs": (F64, ["pair.put", "pair.co"]),
    "moments": (F64, ["tree.put.mom", "tree.mean", "tree.m2"]),
    "profile": (I64, ["profile.put.i", "profile.fill.i", "profile.get.i"]),
    **{f"tree {n}": (F64, [f"tree.put.{n}", f"tree.{n}"]) for n in ("sum", "min", "max")},
    **{f"pane {n}": (I64 if n[0] == "i" else F64, [f"pane.put.{n}", f"pane.{n}"]) for n in ("isum", "imin", "imax", "sum", "min", "max")},
}  # fmt: skip


def test_every_slot_operation_belongs_to_a_family() -> None:
    assert sorted(n for _, names in FAMILIES.values() for n in names) == SLOT_OPS


def slot_script(family: str, size: int) -> Script:
    """Puts and queries at growing ticks, also where they overflow; words beside the slot must stay."""
    type_, names = FAMILIES[family]
    script, rng = Script(), random.Random(size)
    words, base = slot_words(names[0], size), rng.randint(1, 5)
    zero = 0.0 if type_ == F64 else 0
    for start in (0, -3, 2**63 - 20):
        script.fill(base - 1, words + 2, zero)
        for step in range(3 * size + 12):
            tick = min(start + step, 2**63 - 1)
            for name in sorted(names, key=lambda n: "put" not in n and "ramp" not in n):
                for _ in range(1 if OPS[name].result is None else 3):
                    script.slot(name, base, words, *(_operands(rng, name, tick, size)))
            script.dump(base - 1, words + 2, type_)
    return script


def _operands(rng: random.Random, name: str, tick: int, size: int) -> list[int | float]:
    """The tick first, if the operation takes one; then lengths and values, some extreme."""
    kinds = OPS[name].args
    length = rng.choice((-1, 0, 1, rng.randint(0, size), size, size + 1, 2**62))
    values = [rng.choice(INTEGERS) if rng.random() < 0.1 else rng.randint(-99, 99) for _ in kinds]
    rest = [rng.choice(REALS) if rng.random() < 0.08 else rng.randint(-999, 999) / 7 for _ in kinds]
    operands: list[int | float] = [r if t == F64 else v for t, v, r in zip(kinds, values, rest, strict=True)]
    if name == "profile.get.i":
        return [rng.randint(-1, 4)]
    operands[0] = tick
    if "put" not in name:
        operands[1] = length
    if name == "profile.fill.i":
        operands[4] = rng.choice((-1, 1, 2, 5, 63, 64, 65))
    return operands


@pytest.mark.parametrize("size", [1, 8, 64])
@pytest.mark.parametrize("family", FAMILIES)
def test_slot_operations_agree_for_all_lengths(program: Path, family: str, size: int) -> None:
    assert slot_words(FAMILIES[family][1][0], size) < STATE_WORDS - 8
    slot_script(family, size).check(program)


def book_script(seed: int) -> Script:
    """Level changes near each other and far apart, then every reading of both sides."""
    script, rng = Script(), random.Random(seed)
    corners = (LOW, LOW + 1, HIGH, 262_143, 262_144, 524_288)
    for _ in range(12):
        for _ in range(rng.randint(1, 60)):
            tick = rng.choice(
                (rng.randint(3000, 3130), rng.randint(3000, 3130), rng.choice(corners), rng.randint(LOW, HIGH))
            )
            lots = 2**62 - 1 if rng.random() < 0.02 else rng.randint(0, 5)
            script.set_book(rng.choice((1, -1)), tick, lots)
        for name, side in itertools.product(BOOKS, (1, -1, 0, 7)):
            for number in (
                (LOW, 3001, HIGH, 2**63 - 1, -5) if name == "book.at" else (-1, 0, 1, 2, 3, 7, 50, 2**40, 2**62)
            ):
                script.read_book(name, side, number)
        if rng.random() < 0.3:
            script.clear_book()
    return script


@pytest.mark.parametrize("seed", range(3))
def test_books_agree_after_any_changes(program: Path, seed: int) -> None:
    book_script(seed).check(program)


def test_intents_stand_one_after_another_and_the_ninth_is_dropped(program: Path) -> None:
    script, intents = Script(), []
    for k in range(memory.MAX_INTENTS + 1):
        row = [1 - 2 * (k & 1), k % 5, 10 + k, 20 + k, 30 + k, 40 + k, 50 + k, k]
        if k == 3:
            row = [0, memory.STYLE_CANCEL, 0, 0, 0, 1, 53, 3]
            script.other("cancel", [k, 53, 1, 3], [k + 1])
        else:
            script.other("emit", [k, *row], [min(k + 1, memory.MAX_INTENTS)])
        intents.append(row)
    script.other("dump.out", [], out_words(intents[: memory.MAX_INTENTS]))
    script.check(program)


def test_a_trace_without_a_row_writes_nothing(program: Path) -> None:
    script = Script()
    script.other("trace", [0, 3, 7], [])
    script.other("dump.out", [], [0] * memory.OUT_WORDS)
    script.other("trace", [1, 3, 7], [])
    script.other("dump.out", [], [0, 0, 0, 7, *[0] * (memory.OUT_WORDS - 4)])
    script.check(program)


def test_a_wrong_bit_is_found(program: Path) -> None:
    script = Script()
    script.pure("fadd", 0.1, 0.2)
    script.expected[0] ^= 1
    with pytest.raises(AssertionError, match=r"fadd \(0.1, 0.2\) gives"):
        script.check(program)


def test_headers_need_few_others_and_no_library() -> None:
    """Each include costs every compilation of a strategy."""
    allowed = {"<stdint.h>", "<stdbool.h>", "<stddef.h>", "<string.h>"}
    for path in HEADERS.glob("*.h"):
        included = set(re.findall(r"#include (\S+)", path.read_text()))
        assert {name for name in included if name[0] == "<" and "flashc/" not in name} <= allowed, path.name
