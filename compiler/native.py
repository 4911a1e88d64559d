"""The part of an artefact that needs a C compiler: `strategy.c`, its object, and what was checked of it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..cython_core.artifact_format import digest
from .backends.c.machine_code import fused
from .backends.c.places import places_of
from .backends.c.printer import print_strategy
from .backends.c.toolchain import EXPORTS, IMPORTS, LEVEL, BrokenCode, Toolchain, build, build_hash, flags, header_stamp
from .pipeline import Compiled

#: What `build` and `native_part` refuse an object for; what is left has passed.
CHECKS = (
    f"strategy.so offers {', '.join(EXPORTS)} and nothing else",
    f"strategy.so takes nothing from other libraries but {', '.join(sorted(IMPORTS))}",
    "strategy.so holds no fused multiplication and addition",
)


@dataclass(frozen=True, slots=True)
class Native:
    """Files by name, and what the manifest says about them."""

    files: dict[str, bytes]
    toolchain: dict[str, str]
    build: str  # hash: text, headers, flags and compiler


def strategy_text(compiled: Compiled) -> str:
    """The translation unit, with the place in the strategy file on each line."""
    places = places_of(compiled.checked.document.source)
    return print_strategy(compiled.program, ir_hash=compiled.ir_hash, places=places)


def native_part(compiled: Compiled, toolchain: Toolchain, release: str) -> Native:
    """Print, compile and look at the object. `release` is the version of flashc. Raises `BrokenCode`, OSError."""
    text = strategy_text(compiled)
    with tempfile.TemporaryDirectory(prefix="flashc-") as folder:
        target = Path(folder) / "strategy.so"
        build(text, target, toolchain)
        content = target.read_bytes()
    found = fused(content, text, toolchain)
    if found:
        raise BrokenCode(f"the object fuses two operations: {found[0].strip()}")
    return Native(
        {"strategy.c": text.encode(), "strategy.so": content}, facts(toolchain, release), build_hash(text, toolchain)
    )


def facts(toolchain: Toolchain, release: str) -> dict[str, str]:
    """What the manifest says about the compiler."""
    return {
        "cc": toolchain.identity,
        "level": LEVEL,
        "flags": flags_hash(toolchain),
        "headers": header_stamp(),
        "flashc": release,
    }


def flags_hash(toolchain: Toolchain) -> str:
    """64 hex digits over all words of the call but the names of files."""
    return digest("\0".join([*toolchain.arguments, *flags(toolchain)]))
