"""Faults of the Numba printer and of the kernel library."""

from __future__ import annotations

from faults.fault import KERNEL_TEXT, NUMBA, OPERATIONS, STRETCHES, Fault, check

_B, _R = "compiler/backends/numba", "runtime/backtest"
MACHINE_CODE = check("tests/compiler/backends/test_machine_code.py", "tests/differential/test_operations.py")
OUT_BLOCK = check("tests/differential/test_out_block.py")

FAULTS = (
    Fault(
        "numba: a value that reads a slot waits past its store",
        f"{_B}/body.py",
        "        self._settle(_written((op,)))\n",
        "",
        KERNEL_TEXT,
    ),
    Fault(
        "numba: a value that reads a slot waits past a region",
        f"{_B}/body.py",
        "        self._settle(_written(item.body))\n",
        "",
        KERNEL_TEXT,
    ),
    Fault(
        "numba: a variable is not stored before the loop is left",
        f"{_B}/printer.py",
        'end = [f"{place} = {local_name(at)}" for at, place in self._locals()]',
        'end = [f"{place} = {local_name(at)}" for at, place in self._locals()[1:]]',
        NUMBA,
    ),
    Fault(
        "numba: the ticked word is not cleared",
        f"{_B}/printer.py",
        'body = [f"{local_name(at)} = 0", *self._traced(instance)]',
        "body = [*self._traced(instance)]",
        NUMBA,
    ),
    Fault(
        "numba: the gap is counted from the first decision",
        f"{_B}/printer.py",
        '        lines = [f"{local_name(self.last_decided)} = {_TIME}"] if gap else []\n',
        '        lines = [f"if {local_name(self.last_decided)} == 0:", f"    {local_name(self.last_decided)} = {_TIME}"] if gap else []\n',
        NUMBA,
    ),
    Fault(
        "numba: a wake does not end the stretch of records",
        f"{_B}/printer.py",
        '(f" and {_TIME} < wake:" if self.wakes else ":")',
        '":"',
        STRETCHES,
    ),
    Fault(
        "numba: floats are printed with sixteen digits",
        f"{_B}/spelling.py",
        "else repr(value)",
        'else f"{value:.16g}" if value % 1 else repr(value)',
        KERNEL_TEXT,
    ),
    Fault(
        "numba: integers add as Python's operator",
        f"{_B}/spelling.py",
        '    "ilt": "({} < {})",\n',
        '    "iadd": "({} + {})",\n    "ilt": "({} < {})",\n',
        KERNEL_TEXT,
    ),
    Fault(
        "numba: the mask of another instance",
        f"{_B}/body.py",
        'mask = f"mask{op.attrs[0]}"',
        'mask = "mask0"',
        NUMBA,
    ),
    Fault(
        "library: a tie of fmin takes the second",
        f"{_R}/native_ops.py",
        'return builder.select(ordered("<", first, second), b, a)',
        'return builder.select(ordered("<=", first, second), b, a)',
        OPERATIONS,
    ),
    Fault(
        "library: fmin of a NaN takes the second",
        f"{_R}/native_ops.py",
        "if integers else builder.fcmp_ordered",
        "if integers else builder.fcmp_unordered",
        OPERATIONS,
    ),
    Fault(
        "library: a NaN keeps its own bits",
        f"{_R}/native_ops.py",
        "return builder.select(nan, _int(_NAN_BITS), builder.bitcast(a, _I64))",
        "return builder.bitcast(a, _I64)",
        OPERATIONS,
    ),
    Fault(
        "library: division by -1 keeps the sign",
        f"{_R}/native_ops.py",
        "exact = builder.select(minus_one, builder.sub(_int(0), a), floored)",
        "exact = builder.select(minus_one, a, floored)",
        OPERATIONS,
    ),
    Fault(
        "library: 2**63 is not saturated",
        f"{_R}/native_ops.py",
        'high = builder.fcmp_ordered(">=", a',
        'high = builder.fcmp_ordered(">", a',
        OPERATIONS,
    ),
    Fault(
        "library: floor of a negative remainder of 0",
        f"{_R}/native_ops.py",
        "return builder.and_(unequal, signs)",
        "return signs",
        OPERATIONS,
    ),
    Fault(
        "library: windows are one value longer",
        f"{_R}/kernel_library.py",
        "start = iadd(isub(tick, n), 1) & (words - 1)",
        "start = isub(tick, n) & (words - 1)",
        OPERATIONS,
    ),
    Fault(
        "library: fast-math",
        f"{_R}/kernel_library.py",
        '_compiled = njit(error_model="numpy", fastmath=False',
        '_compiled = njit(error_model="numpy", fastmath=True',
        MACHINE_CODE,
    ),
    Fault(
        "library: a ninth intent is written behind the block",
        f"{_R}/kernel_library.py",
        "if count >= MAX_INTENTS:",
        "if count > MAX_INTENTS:",
        OUT_BLOCK,
    ),
)
