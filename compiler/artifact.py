"""The artefact folder: all that is needed to run a compiled strategy, and the contract with `runtime`.

    ema_cross-7c1fe2a0b1c2/
      manifest.json      hashes, needs, parameters, venue facts, state layout, rules, bounds
      kernel_<hash>.py   the Numba kernel
      fir.txt            the program that the kernel was printed from
      explain.json       how to read the probes of each clause
      strategy.yaml      the source

Everything in it is a function of the strategy, the venue profile and the compiler: no times, no paths, no host.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from ..cython_core.kernel_stamp import kernel_name
from .ir.layout import offsets, state_words
from .ir.nodes import STREAM_KINDS, Program, Stream
from .ir.ops import OPS
from .ir.printer import print_program
from .ir.walk import operations
from .lower.machine.slots import FLATTENERS
from .pipeline import Compiled
from .venues.profile import profile

MANIFEST_VERSION = 1


def write_artifact(compiled: Compiled, root: Path) -> Path:
    """Write the folder below `root` unless it is there already. Returns it. Raises OSError."""
    facts = manifest(compiled)
    folder = root / folder_name(compiled)
    if (folder / "manifest.json").exists():
        return folder
    partial = root / f".{folder.name}.{os.getpid()}.partial"
    partial.mkdir(parents=True, exist_ok=True)
    for name, text in texts(compiled, facts).items():
        (partial / name).write_text(text, encoding="utf-8")
    try:
        partial.rename(folder)
    except OSError:  # another process was first, with the same content
        shutil.rmtree(partial, ignore_errors=True)
        if not (folder / "manifest.json").exists():
            raise
    return folder


def folder_name(compiled: Compiled) -> str:
    """`<strategy>-<12 hex digits>` over everything in the folder."""
    digest = sha256()
    for part in (compiled.checked.document.source.text, compiled.kernel, compiled.ir_hash):
        digest.update(part.encode())
        digest.update(b"\0")
    return f"{compiled.program.name}-{digest.hexdigest()[:12]}"


def texts(compiled: Compiled, facts: Mapping[str, object]) -> dict[str, str]:
    """File contents by file name."""
    return {
        kernel_file(compiled): compiled.kernel,
        "fir.txt": print_program(compiled.program),
        "explain.json": canonical(compiled.explain),
        "strategy.yaml": compiled.checked.document.source.text,
        "manifest.json": canonical(facts),
    }


def kernel_file(compiled: Compiled) -> str:
    return f"{kernel_name(compiled.kernel)}.py"


def canonical(value: object) -> str:
    """JSON with sorted keys: equal values, equal bytes."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def manifest(compiled: Compiled) -> dict[str, object]:
    """The facts of the artefact as plain values."""
    program, checked = compiled.program, compiled.checked
    venue = profile(checked.document.venue.value)
    return {
        "manifest": MANIFEST_VERSION,
        "edition": program.edition,
        "strategy": program.name,
        "hashes": _hashes(compiled, venue.hash),
        "kernel": kernel_file(compiled),
        "venue": {"name": venue.name, "hash": venue.hash, "taken": venue.taken},
        "instrument": _instrument(compiled),
        "instances": [
            {"alias": i.alias, "decides": _clock_stream(program, number), "rules": len(i.entries) + len(i.exits)}
            for number, i in enumerate(checked.instances)
        ],
        "min_gap_ns": program.min_gap_ns,
        "lateness_ns": program.lateness_ns,
        "streams": [_stream(s, program) for s in program.streams],
        "params": [
            {"name": p.label, "type": p.type, "default": p.default, "low": p.low, "high": p.high}
            for p in program.params
        ],
        "capital": {"start": capital_start(compiled)},
        "state": {"words": state_words(program), "slots": _slots(program)},
        "clauses": [{"set": c.set, "rule": c.rule, "name": c.name, "bit": c.bit} for c in program.clauses],
        "rules": rule_names(compiled),
        "bounds": bounds(program),
    }


def rule_names(compiled: Compiled) -> list[str]:
    """By rule number: entries, exits, then the limits that sell everything."""
    checked = compiled.checked
    names = [f"entries.{r.rule.name.value}" for r in checked.entries] + [
        f"exits.{r.rule.name.value}" for r in checked.exits
    ]
    return [*names, *(f"risk.{name}" for name in FLATTENERS)]


def capital_start(compiled: Compiled) -> str:
    """Starting cash in whole quote units, as decimal text."""
    node = compiled.checked.capital.start
    return "10000" if node is None else str(compiled.checked.graph[node].attrs["value"])


def _hashes(compiled: Compiled, venue_hash: str) -> dict[str, str]:
    slots = canonical(_slots(compiled.program))
    return {
        "ir": compiled.ir_hash,
        "kernel": compiled.kernel_hash,
        "slots": sha256(slots.encode()).hexdigest(),
        "source": sha256(compiled.checked.document.source.text.encode()).hexdigest(),
        "venue": venue_hash,
    }


def _instrument(compiled: Compiled) -> dict[str, object]:
    checked = compiled.checked
    alias = checked.traded[0]
    symbol = next(i.symbol.value for i in checked.document.instruments if i.alias.value == alias)
    facts = profile(checked.document.venue.value).instruments[symbol]
    return {
        "alias": alias,
        "symbol": symbol,
        "price_decimals": facts.price_decimals,
        "qty_decimals": facts.qty_decimals,
        "min_notional": str(facts.min_notional),
        "min_qty": str(facts.min_qty),
        "maker_fee": str(facts.maker_fee),
        "taker_fee": str(facts.taker_fee),
    }


def _stream(stream: Stream, program: Program) -> dict[str, object]:
    decides = any(s.trigger == "decide" and s.stream == stream.name for s in program.segments)
    return {
        "name": stream.name,
        "kind": stream.kind,
        "instrument": stream.instrument,
        "symbol": stream.symbol,
        "period_ns": stream.period_ns,
        "price_decimals": stream.price_decimals,
        "qty_decimals": stream.qty_decimals,
        "depth": stream.depth,
        "optional": stream.optional,
        "decides": decides,
    }


def _clock_stream(program: Program, instance: int) -> str:
    """The stream on which an instance decides."""
    return next(str(s.stream) for s in program.segments if s.trigger == "decide" and s.instance == instance)


def _slots(program: Program) -> list[dict[str, object]]:
    at = offsets(program)
    return [
        {"id": s.id, "type": s.type, "words": s.words, "offset": at[s.name], "label": s.label} for s in program.slots
    ]


def bounds(program: Program) -> dict[str, int]:
    """State in bytes and the greatest work of one event in FIR operations (every segment, every region)."""
    longest = {s.name: s.words for s in program.slots}

    def cost(segment_body: object) -> int:
        total = 0
        for op in operations(segment_body):  # type: ignore[arg-type]
            row = OPS[op.name]
            total += row.cost * (longest[str(op.attrs[0])] if row.per_length else 1)
        return total

    bars = [cost(s.body) for s in program.segments if s.trigger in STREAM_KINDS]
    rest = sum(cost(s.body) for s in program.segments if s.trigger in ("manage", "decide", "risk"))
    return {"state_bytes": 8 * state_words(program), "ops_per_event": max(bars, default=0) + rest}
