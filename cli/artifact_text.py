"""What an artefact folder holds, for people: what was made, what it needs, how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .text import pairs

if TYPE_CHECKING:
    from ..runtime.artifact_folder import ArtifactFolder


def artifact_text(artifact: ArtifactFolder) -> str:
    """A title, one line per topic, and where it is."""
    facts = artifact.manifest
    limits = facts["bounds"]
    rows = [
        ("trades", _trades(facts)),
        ("needs", " · ".join(_need(need) for need in facts["needs"] if not need["optional"])),
        ("armed", facts["armed"]),
        ("limits", _limits(facts["risk"])),
        ("state", f"{limits['state_bytes']:,} bytes"),
        ("work", f"at most {limits['ops_per_event']:,} operations per event"),
        ("made with", _made_with(facts)),
        ("folder", str(artifact.path)),
    ]
    title = f"{artifact.strategy} · edition {facts['edition']['number']} · ir {facts['hashes']['ir'][:12]}"
    return "\n".join([title, pairs(rows)])


def artifact_object(artifact: ArtifactFolder) -> dict[str, object]:
    """The same facts for machines. Keys are stable."""
    facts = artifact.manifest
    return {
        "artifact": str(artifact.path),
        "strategy": artifact.strategy,
        "hash": artifact.hash,
        "ir_hash": facts["hashes"]["ir"],
        "kernel_hash": facts["hashes"]["kernel"],
        "toolchain": facts.get("toolchain"),
        **facts["bounds"],
    }


def _trades(facts: Mapping[str, Any]) -> str:
    symbols = ", ".join(one["symbol"] for one in facts["instances"])
    return f"{symbols} on {facts['venue']['name']} (profile of {facts['venue']['taken']})"


def _need(need: Mapping[str, Any]) -> str:
    what = need["kind"]
    if need["period_ns"]:
        what = f"{_period(need['period_ns'])} {'bars' if what == 'bar' else what}"
    of = f" of {need['symbol']}" if need["symbol"] else ""
    depth = f", {need['depth']} levels" if need["depth"] else ""
    return f"{what}{of}{depth}"


def _period(ns: int) -> str:
    from ..compiler.ir.types import duration_text

    return duration_text(ns)


def _limits(risk: Mapping[str, Any]) -> str:
    """`position at most 250 USDC, day loss 20 USDC then halt`, in the order of the names."""
    lines = [_limit(name, value) for name, value in sorted(risk.items()) if name != "position_shared"]
    return ", ".join(lines) or "none"


def _limit(name: str, value: Any) -> str:
    match name:
        case "position_max" | "order_max":
            return f"{name.partition('_')[0]} at most {value}"
        case "order_rate":
            return f"at most {value['max']} orders per {value['per']}"
        case "losing_streak":
            return f"after {value['max']} losses in a row {value['then']} {value.get('pause', '')}".rstrip()
        case "profit_lock":
            return f"profit from {value['start']} keeps {value['keep']}{_then(value)}"
        case "band":
            return f"prices within {value['max']} of {value['reference']}"
        case "stale":
            return ", ".join(f"{stream} at most {age} old" for stream, age in value["inputs"]) + _then(value)
        case "invariants":
            return "always " + " and ".join(one["expr"] for one in value)
        case _:
            limit = value["limit"] if isinstance(value, Mapping) else value
            return f"{name.replace('_', ' ')} {limit}{_then(value)}"


def _then(value: Any) -> str:
    return f" then {value['then'].replace('_', ' ')}" if isinstance(value, Mapping) else ""


def _made_with(facts: Mapping[str, Any]) -> str:
    tools = facts.get("toolchain")
    if tools is None:
        return "no C compiler: for backtests only"
    return f"{tools['cc']} for {tools['level']}, flashc {tools['flashc']}"
