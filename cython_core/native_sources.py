"""What the shared library of the wire core is built from. `setup.py` loads this file by its path: it imports nothing of
ours, and nothing but the standard library."""

from __future__ import annotations

import hashlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
INCLUDE = HERE / "include"
SOURCE = HERE / "src" / "wire.c"
#: Headers beside those of `include/flashc/wire` that the library is made of.
_SHARED = ("book.h", "layout.h", "ops.h")

#: Plain C for any processor of the family: newer instructions gain nothing that can be measured (decision 74).
FLAGS = (
    "-std=c11",
    "-O2",
    "-g0",
    "-fwrapv",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
)


def source_files() -> list[Path]:
    """Every file that is compiled."""
    folder = INCLUDE / "flashc"
    return [SOURCE, *(folder / name for name in _SHARED), *sorted((folder / "wire").glob("*.h"))]


def sources_hash() -> str:
    """SHA-256 of the flags and of the files' contents: a library that was built from others is not used."""
    digest = hashlib.sha256(" ".join(FLAGS).encode())
    for path in source_files():
        digest.update(f"{path.name}:{path.stat().st_size};".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
