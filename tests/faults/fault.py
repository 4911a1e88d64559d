"""What a planted fault is, and the selections of tests that must notice one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A narrow selection of tests: arguments of pytest, and variables that make random tests short."""

    arguments: tuple[str, ...]
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Fault:
    """In `file`, `find` stands exactly once; `put` takes its place, and one of the tests of `check` must then fail."""

    name: str
    file: str
    find: str
    put: str
    check: Check


def check(*arguments: str, **variables: str) -> Check:
    return Check(arguments, tuple(sorted(variables.items())))


def passes(*names: str) -> Check:
    """Random programs before and after one pass, and what it is for."""
    return check("tests/compiler/passes/test_passes.py", "-k", " or ".join(names))


#: Every operation on extreme values, windows, rings and trees of all lengths: the reference, Numba and C.
OPERATIONS = check("tests/differential/test_operations.py")
#: Random programs, Numba against the reference.
NUMBA = check("tests/differential/test_random_programs.py", FLASHC_RANDOM_PROGRAMS="40", FLASHC_RANDOM_NUMBA="1")
#: The text of kernels.
KERNEL_TEXT = check("tests/compiler/backends/test_numba_printer.py")
#: Random programs, C against the reference, also by the calls of a live process and over snapshots.
C_PROGRAMS = check("tests/differential/test_c_programs.py")
#: Every function of the C headers, gcc and clang, optimized and sanitized.
C_CALLS = check("tests/differential/test_c_headers.py")
SNAPSHOTS = check("tests/runtime/backtest/test_snapshots.py", "tests/differential/test_c_programs.py")
#: Explicit programs: wakes between records, parts of segments that may not change places.
STRETCHES = check("tests/differential/test_stretches.py")
C_TEXT = check("tests/compiler/backends/c")
WARM_UP = check("tests/compiler/analysis/test_warmup.py", "tests/compiler/lower/test_library.py")
LIBRARY = check("tests/compiler/lower", "-k", "library")
#: The order of sums, ties of zeros, the tick at which a program is armed.
BITS = check("tests/compiler/lower/test_window_bits.py")
MACHINE = check("tests/compiler/lower", "-k", "machine or position or limit")
HOLDS = check(*(f"tests/compiler/lower/test_{name}.py" for name in ("machine", "clocks", "position", "library")))
SIMULATOR = check("tests/runtime/backtest/test_simulator.py", "tests/runtime/backtest/test_several_instruments.py")
MARKET = check("tests/runtime/backtest/market")
LAWS = check("tests/cli/test_laws.py", "-k", "all_laws_hold")
