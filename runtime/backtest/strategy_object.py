"""Loads the shared object of a strategy compiled to C, and refuses whatever is not one that can run here.

Nothing of a file runs before its bytes are those that were recorded, it is an object of this machine that runs no code
of its own when it is loaded, and it offers and needs only what generated objects do. Its table then has to be of this
release's form, of a level that the processor has, and of the strategy and state layout that the caller expects.
"""

from __future__ import annotations

import ctypes
import platform
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from ...cython_core.elf import AARCH64, SHARED, X86_64, Elf, NotElf, read_elf
from ..errors import RuntimeFault, fault
from .driver import KernelAddresses
from .kernel_loader import Kernel

ABI = 1
ENTRY = "flash_strategy_v1"
IMPORTS = frozenset({"memcpy", "memmove", "memset"})

#: Levels by their number in the table (`cython_core/include/flashc/strategy.h`).
LEVEL_ANY, LEVEL_X86_64_V3, LEVEL_ARMV8 = 0, 3, 8
_LEVEL_NAMES = {LEVEL_X86_64_V3: "x86-64-v3", LEVEL_ARMV8: "armv8-a"}
_V3 = frozenset({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"})  # as Linux names them

_MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}
_MACHINE_NAMES = {number: name for name, number in _MACHINES.items()}


class Table(ctypes.Structure):
    """`fs_strategy` of `flashc/strategy.h`, to the last word."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("abi", "size", "level", "edition")),
        *((name, ctypes.c_uint8 * 32) for name in ("ir", "build", "layout")),
        *((name, ctypes.c_uint32) for name in ("state_words", "frame_bytes", "params", "max_intents")),
        *((name, ctypes.c_uint32) for name in ("instances", "clauses", "traces", "n_needs", "n_slots", "work")),
        ("snapshot_bytes", ctypes.c_uint64),
        *((name, ctypes.c_void_p) for name in ("needs", "slots")),
        *((name, ctypes.c_void_p) for name in ("init", "events", "report", "event", "risk", "after", "save", "load")),
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """What the object has to be; None is not compared. Hashes are 64 hex digits."""

    sha256: str | None = None  # of the file's bytes
    ir: str | None = None
    layout: str | None = None
    build: str | None = None
    state_words: int | None = None


@dataclass(frozen=True, slots=True)
class StrategyObject:
    """A loaded object: its table, and the library that owns the memory. Keep it while the addresses are used."""

    table: Table
    library: ctypes.CDLL

    @property
    def kernel(self) -> Kernel:
        """What the drivers of backtests call."""
        own = self.table
        return Kernel(KernelAddresses(own.init, own.events, own.report), self)

    def digest(self, name: str) -> str:
        """A hash of the table, `ir`, `build` or `layout`, as hex digits."""
        return bytes(getattr(self.table, name)).hex()


def load(path: Path, expected: Expected | None = None) -> Kernel:
    """The kernel in the shared object at `path`. Raises `RuntimeFault` (FC0910) with the reason."""
    return open_object(path, expected).kernel


def open_object(path: Path, expected: Expected | None = None) -> StrategyObject:
    """Load an object whole. Raises `RuntimeFault` (FC0910)."""
    wanted = expected or Expected()
    _check_file(path, wanted)
    try:
        library = ctypes.CDLL(str(path.absolute()))
        entry = getattr(library, ENTRY)
    except (OSError, AttributeError) as error:
        raise _refused(path, f"it cannot be loaded: {error}") from None
    entry.restype, entry.argtypes = ctypes.c_void_p, []
    found = _table(path, entry())
    _check_table(path, found, wanted)
    return StrategyObject(found, library)


def _check_file(path: Path, wanted: Expected) -> None:
    """Everything that can be known of the bytes, before they are mapped."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _refused(path, f"it cannot be read: {error.strerror}") from None
    if wanted.sha256 is not None and sha256(content).hexdigest() != wanted.sha256:
        raise _refused(path, "its bytes are not those that were recorded: it is damaged or was changed")
    try:
        elf = read_elf(content)
    except NotElf as error:
        raise _refused(path, f"it is no whole shared object: {error}") from None
    _check_elf(path, elf)


def _check_elf(path: Path, elf: Elf) -> None:
    if elf.kind != SHARED:
        raise _refused(path, "it is no shared object")
    if elf.machine != _MACHINES.get(platform.machine()):
        made = _MACHINE_NAMES.get(elf.machine, f"number {elf.machine}")
        raise _refused(path, f"it was made for the processor {made}, this is {platform.machine()}")
    if elf.exported() != [ENTRY]:
        raise _refused(path, f"it offers {', '.join(elf.exported()) or 'nothing'}, not {ENTRY}")
    foreign = [name for name in elf.undefined() if name not in IMPORTS]
    if foreign:
        raise _refused(path, f"it needs {', '.join(foreign)}, which no strategy does")
    if elf.starts:
        raise _refused(path, "it would run code when it is loaded, which no strategy does")


def _table(path: Path, address: int | None) -> Table:
    """The table, after its first two words: another release's table has another length."""
    if not address:
        raise _refused(path, "it has no table")
    abi, size = (ctypes.c_uint32 * 2).from_address(address)
    if abi != ABI:
        raise _refused(path, f"it has version {abi} of the binary interface, this release has {ABI}")
    if size != ctypes.sizeof(Table):
        raise _refused(path, f"its table has {size} bytes, this release's has {ctypes.sizeof(Table)}")
    return Table.from_address(address)


def _check_table(path: Path, table: Table, wanted: Expected) -> None:
    if table.level not in processor_levels():
        name = _LEVEL_NAMES.get(table.level, f"number {table.level}")
        raise _refused(path, f"it was made for processors of level {name}, which this one is not")
    for name, meaning in (
        ("ir", "of another strategy"),
        ("layout", "of another state layout"),
        ("build", "another build"),
    ):
        hash_ = getattr(wanted, name)
        if hash_ is not None and bytes(getattr(table, name)).hex() != hash_:
            raise _refused(path, f"it is {meaning} than expected")
    if wanted.state_words is not None and table.state_words != wanted.state_words:
        raise _refused(path, f"its state has {table.state_words} words, {wanted.state_words} were expected")


@lru_cache(maxsize=1)
def processor_levels() -> frozenset[int]:
    """The levels that this processor can run."""
    found = {LEVEL_ANY}
    if platform.machine() == "aarch64":
        found.add(LEVEL_ARMV8)
    if platform.machine() == "x86_64" and _features() >= _V3:
        found.add(LEVEL_X86_64_V3)
    return frozenset(found)


def _features() -> frozenset[str]:
    """Of the first processor, as Linux lists them; empty where it does not say."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            line = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return frozenset()
    return frozenset(line.partition(":")[2].split())


def _refused(path: Path, why: str) -> RuntimeFault:
    return fault("FC0910", why, str(path), helps=("compile the strategy again",))
