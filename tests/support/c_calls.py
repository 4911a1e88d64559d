"""Calls of the functions of the C headers: written down with what the interpreter says, then run by a C program.

A `Script` does each call on the interpreter's functions at once and keeps what must come back. `build` makes a program
that reads the calls as words and writes the results as words, so that one script runs under any compiler, level and
sanitizer.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from flashc.compiler.backends.c.toolchain import INCLUDE, find_toolchain, flags
from flashc.compiler.evaluate.evaluator import pure_function
from flashc.compiler.evaluate.numbers import NAN_BITS, float_bits
from flashc.compiler.evaluate.panes import PANES
from flashc.compiler.evaluate.windows import SLOT
from flashc.compiler.ir.nodes import F64, I1, I64
from flashc.compiler.ir.ops import OPS
from flashc.cython_core import layout as memory
from flashc.runtime.backtest.market.book_layout import new_book
from flashc.runtime.backtest.market.reference_book import Book

STATE_WORDS = 1024
LOW, HIGH = 100, 700_000  # ticks of the book: three words of the top layer
_ARGS = 10
_LONGEST_S = 180  # a script takes far less than a second; a loop without end has to fail
_SLOTS = SLOT | PANES
BOOKS = [name for name in OPS if name.startswith("book.")]
PURE = [name for name in OPS if pure_function(name) is not None]
#: Calls that are no operations, or are spelled otherwise by the printer.
_OTHERS = {
    "dump": "for (int64_t k = 0; k < a[1].i; k++) put(st[a[0].i + k].i);",
    "dump.f": "for (int64_t k = 0; k < a[1].i; k++) put(fs_fbits(st[a[0].i + k].f));",
    "dump.book": "for (int64_t k = 0; k < book_words; k++) put(book[k]);",
    "dump.out": "for (int64_t k = 0; k < FS_OUT_WORDS; k++) put(out[k]);",
    "fill.i": "fs_fill_i(st, a[0].i, a[1].i, a[2].i);",
    "fill.f": "fs_fill_f(st, a[0].i, a[1].i, a[2].f);",
    "book.set": "put(fs_book_set(book, a[0].i, a[1].i, a[2].i));",
    "book.clear": "fs_book_clear(book);",
    "book.expect": "fs_book_expect(book, a[0].i, a[1].i);",
    "emit": "put(fs_emit(out, a[0].i, a[1].i, a[2].i, a[3].i, a[4].i, a[5].i, a[6].i, a[7].i, a[8].i));",
    "cancel": "put(fs_cancel(out, a[0].i, a[1].i, a[2].i, a[3].i));",
    "trace": "fs_trace(a[0].i ? out : NULL, a[1].i, a[2].i);",
}
HEADERS = INCLUDE / "flashc"
NUMBERS = {name: k for k, name in enumerate([*PURE, *_SLOTS, *BOOKS, *_OTHERS])}

_COMPILERS = ("gcc", "clang")
_NO_PROGRAM = frozenset({"-shared", "-nostdlib", "-s"})
_SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
BUILDS = {"-O2": ("-O2",), "sanitizers": ("-O0", *_SANITIZERS)}


@dataclass
class Script:
    """Calls so far, what they must give, and the state after them."""

    cells: list[Any] = field(default_factory=lambda: [0] * STATE_WORDS)
    book: Book = field(default_factory=lambda: Book(LOW, HIGH))
    words: list[int] = field(default_factory=list)
    expected: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # the call that gives each expected word

    def _write(self, name: str, args: Sequence[Any], given: Sequence[int]) -> None:
        bits = [float_bits(x) if isinstance(x, float) else int(x) for x in args]
        self.words += [NUMBERS[name], *bits, *[0] * (_ARGS - len(bits))]
        self.expected += given
        self.told += [f"{name} {args}"] * len(given)

    def pure(self, name: str, *args: Any) -> None:
        function = pure_function(name)
        assert function is not None
        self._write(name, args, [_bits(function(*args))])

    def slot(self, name: str, base: int, words: int, *args: Any) -> None:
        result = _SLOTS[name](self.cells, base, words, *args)
        self._write(name, (base, words, *args), [] if OPS[name].result is None else [_bits(result)])

    def fill(self, base: int, words: int, value: int | float) -> None:
        self.cells[base : base + words] = [value] * words
        self._write("fill.f" if isinstance(value, float) else "fill.i", (base, words, value), [])

    def dump(self, base: int, words: int, type_: str) -> None:
        self._write(
            "dump.f" if type_ == F64 else "dump", (base, words), [_bits(x) for x in self.cells[base : base + words]]
        )

    def read_book(self, name: str, side: int, number: int) -> None:
        self._write(
            name, (side, number), [getattr(self.book, name.removeprefix("book."))(1 if side > 0 else -1, number)]
        )

    def set_book(self, side: int, tick: int, lots: int) -> None:
        self._write("book.expect", (side, tick), [])
        self._write("book.set", (side, tick, lots), [self.book.set(side, tick, lots)])

    def clear_book(self) -> None:
        self._write("book.clear", (), [])
        self.book.clear()

    def other(self, name: str, args: Sequence[int], given: Sequence[int]) -> None:
        """A call whose result the test knows."""
        self._write(name, args, given)

    def check(self, program: Path) -> None:
        """Every word that comes back is the expected one."""
        block = new_book(LOW, HIGH)
        given = np.array([len(block), *block.tolist(), *self.words], dtype=np.int64)
        done = subprocess.run([program], input=given.tobytes(), capture_output=True, check=False, timeout=_LONGEST_S)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        found = np.frombuffer(done.stdout, dtype=np.int64)
        expected = np.array(self.expected, dtype=np.int64)
        assert len(found) == len(expected)
        wrong = np.flatnonzero(found != expected)
        assert not len(wrong), (
            f"{self.told[wrong[0]]} gives {found[wrong[0]]}, not {expected[wrong[0]]} (word {wrong[0]})"
        )


def _bits(x: Any) -> int:
    return float_bits(x) if isinstance(x, float) else int(x)


def compilers() -> list[str]:
    """Those of gcc and clang that are there; Debian adds the version to clang's name."""
    names = {name: [name, *(f"{name}-{version}" for version in range(25, 13, -1))] for name in _COMPILERS}
    found = {name: next(filter(None, map(shutil.which, names[name])), None) for name in names}
    return [path for path in found.values() if path]


def command(compiler: str, *words: object) -> list[str]:
    """A call of a compiler with the flags of generated objects, but for linking."""
    toolchain = find_toolchain(compiler)
    given = [flag for flag in flags(toolchain) if flag not in _NO_PROGRAM and not flag.startswith("-Wl,")]
    return [toolchain.path, *given, f"-I{INCLUDE}", *map(str, words)]


def build(folder: Path, compiler: str, level: str) -> Path:
    """The program that runs scripts, made with the flags of one of `BUILDS`."""
    source, target = folder / "calls.c", folder / f"calls{level}"
    source.write_text(program_text())
    done = subprocess.run(
        command(compiler, *BUILDS[level], source, "-o", target), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[:4000]
    return target


def program_text() -> str:
    """The C program: a case for each call."""
    cases = [f"        case {number}: {_case(name)} break;" for name, number in NUMBERS.items()]
    includes = [f"#include <flashc/{path.name}>" for path in sorted(HEADERS.glob("*.h"))]
    head, tail = _PROGRAM.split("        CASES\n")
    return "\n".join(["#include <stdio.h>", "#include <stdlib.h>", *includes, head, *cases, tail])


_PROGRAM = f"""
static fs_word st[{STATE_WORDS}], a[{_ARGS}];
static int64_t out[FS_OUT_WORDS];

static void put(int64_t x) {{ fwrite(&x, 8, 1, stdout); }}
static void put_f(double x) {{ put(fs_feq(x, x) ? (fs_word){{.f = x}}.i : {NAN_BITS}); }}

int main(void) {{
    int64_t book_words = 0, number = 0;
    if (fread(&book_words, 8, 1, stdin) != 1) return 2;
    int64_t *book = malloc(8 * (size_t)book_words);
    if (book == NULL || fread(book, 8, (size_t)book_words, stdin) != (size_t)book_words) return 2;
    while (fread(&number, 8, 1, stdin) == 1) {{
        if (fread(a, sizeof a, 1, stdin) != 1) return 2;
        switch (number) {{
        CASES
        default: return 3;
        }}
    }}
    free(book);
    return 0;
}}
"""


def _case(name: str) -> str:
    if name in _OTHERS:
        return _OTHERS[name]
    row, function = OPS[name], f"fs_{name.replace('.', '_')}"
    before, first = [], 0
    if name in _SLOTS:
        before, first = ["st", "a[0].i", "a[1].i"], 2
    elif name in BOOKS:
        before = ["book"]
    spelled = {I1: "a[{}].i != 0", I64: "a[{}].i", F64: "a[{}].f"}
    call = f"{function}({', '.join([*before, *(spelled[t].format(first + k) for k, t in enumerate(row.args))])})"
    return f"{call};" if row.result is None else f"{'put_f' if row.result == F64 else 'put'}({call});"


#: Words of an out block that holds these intents; the rest is 0.
def out_words(intents: Sequence[Sequence[int]]) -> list[int]:
    block = [0] * memory.OUT_WORDS
    for k, intent in enumerate(intents):
        at = memory.OUT_FIRST_INTENT + k * memory.INTENT_WORDS
        block[at : at + memory.INTENT_WORDS] = intent
    return block


def argument(type_: str, integer: int, real: float) -> Any:
    """One of a pair of values, as the type asks."""
    return real if type_ == F64 else integer & 1 == 1 if type_ == I1 else integer
