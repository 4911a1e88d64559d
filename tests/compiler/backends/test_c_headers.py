"""Headers that are made from our own tables are fresh, and no header needs a library."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from flashc.compiler.backends.c import maths_header
from flashc.cython_core import book_words, layout, layout_header
from support.c_calls import HEADERS, command, compilers

HELP = "run `python -m flashc.{}`"


def test_the_maths_header_is_fresh() -> None:
    assert maths_header.PATH.read_text() == maths_header.print_maths_header(), HELP.format(
        "compiler.backends.c.maths_header"
    )


def test_the_layout_header_is_fresh() -> None:
    assert layout_header.PATH.read_text() == layout_header.print_layout_header(), HELP.format(
        "cython_core.layout_header"
    )


def test_the_layout_header_has_every_word_of_both_modules() -> None:
    lines = dict(re.findall(r"^#define (\w+) (.*)$", layout_header.print_layout_header(), flags=re.MULTILINE))
    assert lines["FS_NEVER"] == "INT64_MAX"
    assert lines["FS_OUT_FIRST_INTENT"] == str(layout.OUT_FIRST_INTENT)
    assert lines["FS_WAKE_HEAD"] == f"INT64_C({layout.WAKE_HEAD})"
    assert lines["FS_BOOK_ASK_PARTS"] == str(book_words.ASK_PARTS)
    assert len(lines) == sum(
        n.isupper() and isinstance(v, int) for m in (layout, book_words) for n, v in vars(m).items()
    )


@pytest.mark.parametrize("compiler", compilers(), ids=lambda path: Path(path).name)
@pytest.mark.parametrize("level", ["-O0", "-O2", "-Os"])
def test_no_function_calls_a_library(compiler: str, level: str, tmp_path: Path) -> None:
    """At -Os gcc would call libm for `floor` unless told which instruction to use; it treats cold code like that."""
    names = re.findall(
        r"^static inline \w+ (fs_\w+)\(",
        "".join(p.read_text() for p in sorted(HEADERS.glob("*.h"))),
        flags=re.MULTILINE,
    )
    text = "".join(f"#include <flashc/{p.name}>\n" for p in sorted(HEADERS.glob("*.h")))
    text += "void *const all[] = {" + ", ".join(f"(void *)(uintptr_t){n}" for n in names) + "};\n"
    source, target = tmp_path / "all.c", tmp_path / "all.o"
    source.write_text(text)
    subprocess.run(command(compiler, level, "-c", source, "-o", target), check=True)
    found = subprocess.run(["nm", "-u", str(target)], check=True, capture_output=True, text=True).stdout.split()
    assert {name for name in found if name != "U"} <= {"memcpy", "memset", "memmove", "_GLOBAL_OFFSET_TABLE_"}


def test_sums_and_products_of_integers_are_made_of_unsigned_words() -> None:
    """Signed overflow is undefined in C. The flag that defines it is a second line: a header may be compiled without."""
    text = (HEADERS / "ops.h").read_text()
    for name in ("iadd", "isub", "imul", "ineg"):
        (line,) = re.findall(rf"^static inline int64_t fs_{name}\(.*$", text, flags=re.MULTILINE)
        assert "return (int64_t)(" in line
        assert line.count("(uint64_t)") == line.count("int64_t ") - 1, line
