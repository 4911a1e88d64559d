"""Faults of the passes: each keeps most programs right."""

from __future__ import annotations

from faults.fault import Fault, passes

_P = "compiler/passes"
FOLD = passes("fold_constants", "folding")
ALGEBRA, CSE = passes("algebra"), passes("cse")
HOIST, DEAD = passes("hoist"), passes("dead_code")
PACK, SCHEDULE = passes("pack"), passes("schedul")

FAULTS = (
    Fault(
        "fold: a region whose condition is false runs",
        f"{_P}/fold_constants.py",
        "            elif known[item.condition]:\n",
        "            else:\n",
        FOLD,
    ),
    Fault(
        "fold: a folded -0.0 becomes 0.0",
        f"{_P}/fold_constants.py",
        "float(value) if type_ == F64",
        "float(value) + 0.0 if type_ == F64",
        FOLD,
    ),
    Fault(
        "algebra: not (a < b) is b < a",
        f"{_P}/algebra.py",
        'return Becomes("ile", (b, a))',
        'return Becomes("ilt", (b, a))',
        ALGEBRA,
    ),
    Fault(
        "algebra: x + 0.0 is x",
        f"{_P}/algebra.py",
        '    "fmul": _first(',
        '    "fadd": _neutral(0.0, both=True),\n    "fmul": _first(',
        ALGEBRA,
    ),
    Fault(
        "algebra: 1.0 / x is x",
        f"{_P}/algebra.py",
        '"fdiv": _neutral(1.0, both=False)',
        '"fdiv": _neutral(1.0, both=True)',
        ALGEBRA,
    ),
    Fault(
        "algebra: 0 - x is x",
        f"{_P}/algebra.py",
        '"isub": _neutral(0, both=False, equal=_ZERO)',
        '"isub": _neutral(0, both=True, equal=_ZERO)',
        ALGEBRA,
    ),
    Fault(
        "algebra: x <= x is true for floats too",
        f"{_P}/algebra.py",
        '    "flt": _when_equal(_FALSE),\n',
        '    "flt": _when_equal(_FALSE),\n    "fle": _when_equal(_TRUE),\n',
        ALGEBRA,
    ),
    Fault(
        "algebra: a choice by not c keeps its sides",
        f"{_P}/algebra.py",
        "Becomes(name, (opposite, b, a))",
        "Becomes(name, (opposite, a, b))",
        ALGEBRA,
    ),
    Fault(
        "cse: a read is shared across a store",
        f"{_P}/cse.py",
        "version = None if slot is None else region.version.get(slot, 0)",
        "version = None",
        CSE,
    ),
    Fault(
        "cse: subtraction commutes",
        f"{_P}/cse.py",
        '"iadd imul imin',
        '"iadd isub imul imin',
        CSE,
    ),
    Fault(
        "cse: minimum of floats commutes",
        f"{_P}/cse.py",
        "fadd fmul feq",
        "fadd fmul fmin feq",
        CSE,
    ),
    Fault(
        "cse: values of a region are seen outside of it",
        f"{_P}/cse.py",
        "dict(self.available))",
        "self.available)",
        CSE,
    ),
    Fault(
        "cse: 0.0 and -0.0 are one constant",
        f"{_P}/cse.py",
        "tuple(map(repr, op.attrs))",
        "op.attrs",
        CSE,
    ),
    Fault(
        "hoist: what a report writes is constant",
        f"{_P}/hoist_setup.py",
        'if s.trigger != "setup" for op in _writes(s)',
        'if s.trigger not in ("setup", "report") for op in _writes(s)',
        HOIST,
    ),
    Fault(
        "hoist: other constants are the same expression",
        f"{_P}/hoist_setup.py",
        "key = (op.name, tuple(map(repr, op.attrs)), args)",
        "key = (op.name, args) if args or op.name.startswith('load') else (op.name, tuple(map(repr, op.attrs)), args)",
        HOIST,
    ),
    Fault(
        "dead code: a store is dead unless its own segment reads it",
        f"{_P}/dead_code.py",
        "lambda segment: _Sweep(slots, set()).body(segment.body))\n",
        "lambda segment: _Sweep(slots if segment.trigger != 'report' else set(), set()).body(segment.body))\n",
        DEAD,
    ),
    Fault(
        "dead code: one round, so that state read by state is lost",
        f"{_P}/dead_code.py",
        "        if len(slots) == known:\n",
        "        if len(slots) == known or known:\n",
        DEAD,
    ),
    Fault(
        "dead code: regions need no condition",
        f"{_P}/dead_code.py",
        "                    self.values.add(item.condition)\n                    kept.append(When(item.condition, inner))",
        "                    self.values.add(item.condition)\n"
        "                    kept += inner if len(inner) == 1 else [When(item.condition, inner)]",
        DEAD,
    ),
    Fault(
        "pack: a slot starts at zero",
        f"{_P}/pack_slots.py",
        "return replace(program, slots=tuple(packed))",
        "return replace(program, slots=tuple(replace(s, init=s.init * 0) if s.words > 1 else s for s in packed))",
        PACK,
    ),
    Fault(
        "schedule: a write passes a read",
        "compiler/ir/dependence.py",
        " or self.reads & other.writes)",
        ")",
        SCHEDULE,
    ),
    Fault(
        "schedule: regions in regions touch nothing",
        "compiler/ir/dependence.py",
        "ops = [item] if isinstance(item, Op) else list(operations(item.body))",
        "ops = [item] if isinstance(item, Op) else [i for i in item.body if isinstance(i, Op)]",
        SCHEDULE,
    ),
    Fault(
        "schedule: conditions of inner regions are no uses",
        "compiler/ir/dependence.py",
        "return {item.condition}.union(*(_conditions(i) for i in item.body if isinstance(i, When)))",
        "return {item.condition}",
        SCHEDULE,
    ),
)
