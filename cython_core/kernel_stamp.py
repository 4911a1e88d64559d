"""Identity of the code that every Numba kernel takes in.

Numba's disk cache knows a function by its own file only. A kernel is compiled together with the kernel library, so the
printer writes this stamp into the kernel's text, and the loader compares it: a kernel never runs with another library
than the one it was made for. The files are read as bytes; nothing is imported.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_FILES = (
    "cython_core/layout.py",
    "runtime/backtest/native_ops.py",
    "runtime/backtest/kernel_library.py",
    "runtime/backtest/kernel_profile.py",
    "runtime/backtest/kernel_ordered.py",
    "runtime/backtest/kernel_math.py",
    "runtime/backtest/kernel_panes.py",
    "cython_core/book_words.py",
    "runtime/backtest/market/book.py",
)


def source_stamp(*files: str) -> str:
    """16 hex digits that change with the content of any of the files (paths below the package)."""
    digest = sha256()
    for name in files:
        content = (_ROOT / name).read_bytes()
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1)
def kernel_stamp() -> str:
    """The stamp of the kernel library."""
    return source_stamp(*_FILES)


def kernel_name(text: str) -> str:
    """`kernel_<hash>`: the module name of a kernel with this text."""
    return f"kernel_{sha256(text.encode()).hexdigest()[:16]}"
