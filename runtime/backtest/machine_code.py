"""Machine code of compiled functions, kept as object files: a later process runs them without importing Numba.

Numba compiles; importing it costs a process a third of a second and a hundred megabytes. So the object code of what it
compiled is stored under a key that names everything the code depends on (source, library, compiler, processor), and
loaded again through llvmlite alone. A file that is damaged, foreign or needs a symbol this process lacks is not used:
`load` returns None and the caller compiles.

Only ELF objects are kept (Linux); elsewhere Numba's own cache serves.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from ...cython_core.elf import read_elf
from ..cache_root import cache_root
from ..market_data.files import write_atomically

FORMAT = 1

#: Whether object code can be kept here. Where it can, Numba's own disk cache stays off: one cache, not two.
SUPPORTED = sys.platform.startswith("linux")

#: Symbols that Numba's C wrappers name on the path that reports a Python exception. Our functions raise none, so the
#: path is never taken; if it were, the process must stop rather than trade on.
_ERROR_PATH = (
    "NRT_Free",
    "numba_do_raise",
    "numba_gil_ensure",
    "numba_gil_release",
    "numba_runtime_build_excinfo_struct",
    "numba_unpickle",
)


@dataclass(frozen=True, slots=True)
class Code:
    """Addresses by name; `keeper` owns the memory, so keep this object while they are used."""

    addresses: Mapping[str, int]
    keeper: object


def environment(*parts: str) -> str:
    """A key: 40 hex digits over `parts` and over everything else that compiled code depends on."""
    text = json.dumps([FORMAT, *_surroundings(), *parts])
    return sha256(text.encode()).hexdigest()[:40]


@lru_cache(maxsize=1)
def _surroundings() -> tuple[str, ...]:
    """Versions and processor."""
    from importlib.metadata import version

    import llvmlite.binding as llvm

    host = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), sys.platform)
    return (version("numba"), version("llvmlite"), sys.version, *host)


def load(path: Path) -> Code | None:
    """The code stored at `path`, or None if there is none that this process can use."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    found = _unpack(content)
    if found is None:
        return None
    header, objects = found
    import llvmlite.binding as llvm

    engine = _engine()  # first: it makes the symbols of this process known to LLVM
    if not _resolve(llvm, header["undefined"]):
        return None
    for part in objects:
        engine.add_object_file(llvm.ObjectFileRef.from_data(part))
    engine.finalize_object()
    addresses = {name: int(engine.get_function_address(symbol)) for name, symbol in header["symbols"].items()}
    return Code(addresses, engine) if all(addresses.values()) else None


def load_or_build(path: Path, build: Callable[[], Mapping[str, Any]]) -> Code:
    """The code stored at `path`, or that of the Numba C functions that `build` gives, which is stored then.

    Processes that begin together do not all compile the same: the others wait for the first.
    """
    code = load(path)
    if code is not None:
        return code
    with _alone(path):
        return load(path) or _built(path, build())


def _built(path: Path, functions: Mapping[str, Any]) -> Code:
    store(path, functions)
    return Code({name: function.address for name, function in functions.items()}, tuple(functions.values()))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No other process is in this block for the same path; where no file can be made, nobody waits."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def store(path: Path, functions: Mapping[str, Any]) -> None:
    """Keep the object code of Numba C functions (`cfunc`) under their names. Silently keeps nothing where it cannot."""
    if not SUPPORTED:
        return
    parts = {name: _object_of(function) for name, function in functions.items()}
    objects = [part for part in parts.values() if part is not None]
    if len(objects) < len(parts) or not all(part[:4] == b"\x7fELF" for part in objects):
        return
    header = {
        "symbols": {name: function.native_name for name, function in functions.items()},
        "undefined": sorted({symbol for part in objects for symbol in read_elf(part).undefined()}),
        "sizes": [len(part) for part in objects],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _pack(header, objects))
    except OSError:
        return


def folder() -> Path:
    """Where object files are kept."""
    return cache_root() / "objects"


def _object_of(function: Any) -> bytes | None:
    """Object code of a function compiled in this process; None if Numba took it from its own cache."""
    try:
        _, kind, data = function._library.serialize_using_object_code()
    except RuntimeError:
        return None
    return bytes(data[0]) if kind == "object" else None


def _pack(header: Mapping[str, object], objects: Sequence[bytes]) -> list[bytes | memoryview]:
    body = json.dumps(header, sort_keys=True).encode()
    payload = b"".join([struct.pack("<I", len(body)), body, *objects])
    return [sha256(payload).digest(), payload]


def _unpack(content: bytes) -> tuple[dict[str, Any], list[bytes]] | None:
    """Header and objects, or None unless every byte is as it was written."""
    digest, payload = content[:32], content[32:]
    if len(payload) < 4 or sha256(payload).digest() != digest:
        return None
    (length,) = struct.unpack_from("<I", payload)
    header: dict[str, Any] = json.loads(payload[4 : 4 + length])
    at, objects = 4 + length, []
    for size in header["sizes"]:
        objects.append(payload[at : at + size])
        at += size
    return header, objects


def _resolve(llvm: Any, symbols: Sequence[str]) -> bool:
    """Make every symbol known to LLVM; False if one is neither in this process nor on the error path."""
    for name in symbols:
        if llvm.address_of_symbol(name):
            continue
        if name not in _ERROR_PATH:
            return False
        llvm.add_symbol(name, ctypes.cast(_never, ctypes.c_void_p).value)
    return True


_never = ctypes.CFUNCTYPE(None)(os.abort)


@lru_cache(maxsize=1)
def _engine() -> Any:
    """One execution engine for all objects of the process; it lives as long as the process."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
