"""What a strategy is made of besides its own text, as text by place in `flash.lock`.

A place is a path of keys: `("venues", "mexc.spot", "instruments", "BTC/USDC", "tick")`. Two strategies of one release
agree wherever both say something, so the pins of many are the union of theirs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from ...cython_core.artifact_format import digest
from ...dsl.diagnostics import Diagnostics, FlashcError
from ...dsl.document import Document
from ...dsl.meaning import meaning
from ..frontend.modules import Loader, Module
from ..library.edition import LIBRARY_HASH
from ..venues.profile import InstrumentProfile, profile

Place = tuple[str, ...]
Pins = Mapping[Place, str]

#: The hash of a file or data set, 64 hex digits; None if there is none.
DataHash = Callable[[str], "str | None"]

#: The value of a tape that is not there.
MISSING = "missing"

#: What stands for the C compiler where there is none.
NO_COMPILER = "none"


def pins_of(
    document: Document, folder: Path, release: str, data: DataHash, *, with_compiler: bool = True, cc: str | None = None
) -> dict[Place, str]:
    """The pins of one strategy; places of files are relative to `folder`.

    `release` is the version of flashc, `data` knows data by name or place, `cc` names the C compiler as `--cc` does.
    Without the compiler no process is started.
    """
    found: dict[Place, str] = {
        ("edition", "number"): str(document.edition.value),
        ("edition", "library"): hashed(LIBRARY_HASH),
        ("strategies", relative(Path(document.source.path), folder)): "",
    }
    found.update({("modules", name): value for name, value in _modules(document, folder)})
    found.update({("venues", document.venue.value, *place): value for place, value in _venue(document)})
    found.update({("tapes", name): value for name, value in _tapes(document, folder, data)})
    found["toolchain", "flashc"] = release
    found.update({("toolchain", name): value for name, value in _toolchain(with_compiler, cc)})
    return found


def _toolchain(with_compiler: bool, cc: str | None) -> Iterator[tuple[str, str]]:
    """The C compiler with its level and flags, or `NO_COMPILER`."""
    if not with_compiler:
        return
    from ..backends.c.toolchain import LEVEL, find_toolchain
    from ..native import flags_hash

    try:
        toolchain = find_toolchain(cc)
    except FlashcError:
        yield "cc", NO_COMPILER
        return
    yield "cc", toolchain.identity
    yield "level", LEVEL
    yield "flags", hashed(flags_hash(toolchain))


def hashed(hexadecimal: str) -> str:
    return f"sha256:{hexadecimal}"


def relative(path: Path, folder: Path) -> str:
    """A file as the lock names it: from the lock's folder, with `/`."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _modules(document: Document, folder: Path) -> Iterator[tuple[str, str]]:
    """Every module that is read, also through others. Those of the compiler go by name, files by their place."""
    loader = Loader(document, Diagnostics())
    loader.use(document.uses)
    for name, module in sorted(loader.modules.items()):
        standard = name.startswith("std.")
        yield (name if standard else relative(Path(module.source.path), folder)), hashed(module_hash(module))


def module_hash(module: Module) -> str:
    """The hash of what a module means: its functions as they were read, with their types, without places and comments.

    A function has no type of its own before it is called, so this is the tree that every call starts from. The order of
    functions does not count, and numbers count by value.
    """
    functions = tuple(sorted((name, repr(_by_value(meaning(body)))) for name, body in module.functions.items()))
    return digest(repr((functions, sorted(module.private), sorted(module.uses.items()))))


def _by_value(value: object) -> object:
    """A meaning in which `2.50` is `2.5`."""
    if isinstance(value, tuple):
        return tuple(_by_value(item) for item in value)
    return value.normalize() if isinstance(value, Decimal) else value


def _venue(document: Document) -> Iterator[tuple[Place, str]]:
    """The profile, and in plain words what a change of it would most likely be about."""
    found = profile(document.venue.value)
    yield ("profile",), hashed(found.hash)
    yield ("taken",), found.taken
    for symbol in sorted({i.symbol.value for i in document.instruments}):
        for name, value in _instrument(found.instruments[symbol]):
            yield ("instruments", symbol, name), value


def _instrument(facts: InstrumentProfile) -> Iterator[tuple[str, str]]:
    yield "tick", f"{facts.tick:f}"
    yield "lot", f"{facts.lot:f}"
    yield "min_notional", f"{facts.min_notional:f}"
    yield "maker_fee", f"{facts.maker_fee:f}"
    yield "taker_fee", f"{facts.taker_fee:f}"


def _tapes(document: Document, folder: Path, hash_of: DataHash) -> Iterator[tuple[str, str]]:
    """The data that tests of the strategy run over. What has a `/` or a `.` in it, or lies beside the strategy, is a
    file and named by its place; all else is the name of a data set."""
    for name in sorted({test.tape.value for test in document.tests if test.tape is not None}):
        beside = Path(document.source.path).parent / name
        is_file = "/" in name or "." in name or beside.exists()
        found = hash_of(str(beside) if is_file else name)
        yield relative(beside, folder) if is_file else name, MISSING if found is None else hashed(found)
