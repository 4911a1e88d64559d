"""What the `flashc sim` commands print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .text import columns

if TYPE_CHECKING:
    from ..simulator.faults.spec import FaultSpec
    from ..simulator.server.local import LocalExchange


def started_json(local: LocalExchange, accounts: Path) -> dict[str, object]:
    """Where everything is. Never a secret."""
    from dataclasses import asdict

    from ..simulator.server.folder import TOKEN

    return {
        "version": 1,
        **asdict(local.running),
        "symbols": list(local.world.exchange.specs),
        "accounts": str(accounts),
        "authority": str(local.ca_file),
        "token": str(local.ca_file.parent / TOKEN),
    }


def started_text(local: LocalExchange, accounts: Path) -> str:
    """The same for a reader."""
    from ..simulator.server.folder import TOKEN

    running, folder = local.running, local.ca_file.parent
    rows = [
        ("REST", running.http, running.https),
        ("streams", running.ws, running.wss),
        ("control", running.control, ""),
        ("accounts", str(accounts), ""),
        ("authority", str(local.ca_file), ""),
        ("token", str(folder / TOKEN), ""),
    ]
    names = ", ".join(local.world.exchange.specs)
    lines = [f"local exchange: {names}", *columns(rows)]
    return "\n".join([*lines, "another terminal: `flashc sim status`, `flashc sim fault depth-gap --for 5s`"])


def live_line(local: LocalExchange, rates: Mapping[str, int]) -> str:
    """One line: time, best prices, connections, messages a second, orders, faults."""
    world = local.world
    clock = datetime.fromtimestamp(world.now_ns // 10**9, UTC).strftime("%H:%M:%S")
    parts = [clock]
    for name in list(world.exchange.specs)[:3]:
        parts.append(f"{name} {_best(local, name)}")
    parts += [
        f"{len(local.app.connections)} connections",
        f"{rates['pushes']:,} messages/s",
        f"{rates['requests']:,} requests/s",
        f"{world.counts['orders']:,} orders",
    ]
    if local.driver.lag_ns > 10**9:
        parts.append(f"{local.driver.lag_ns / 1e9:.1f} s behind")
    on = [one.spec.name for one in world.board.active if one.is_on]
    parts += [f"faults: {', '.join(on)}"] if on else []
    return "  ".join(parts)


def _best(local: LocalExchange, name: str) -> str:
    from ..simulator.exchange.amounts import amount_text

    spec = local.world.exchange.specs[name]
    _, bids, asks = local.world.exchange.depth(name, 1)
    found = [amount_text(side[0][0], spec.price_decimals, strip=False) if side else "-" for side in (bids, asks)]
    return "/".join(found)


def status_text(state: Mapping[str, Any], url: str) -> str:
    """`flashc sim status`."""
    rows = [("exchange", url), ("time", _moment(state["time_ms"])), ("speed", str(state["speed"]))]
    if state["lag_ms"] > 1_000:
        rows.append(("behind", f"{state['lag_ms'] / 1000:.1f} s: this machine is too slow for the speed"))
    for name, facts in state["symbols"].items():
        best = " / ".join(facts.get(side, ["-"])[0] for side in ("bid", "ask"))
        rows.append((name, best if facts["status"] == "1" else f"{best}, status {facts['status']}"))
    counts = state["counts"]
    rows += [
        ("connections", f"{state['connections']}, {len(state['streams'])} of them streams"),
        ("requests", f"{counts['requests']:,}, refused {counts['errors']:,}, orders {counts['orders']:,}"),
        ("messages", f"{counts['pushes']:,}"),
        ("accounts", ", ".join(state["accounts"])),
        ("faults", ", ".join(state["faults"]) or "none"),
    ]
    return "\n".join(columns(rows))


def fault_line(one: Mapping[str, Any]) -> str:
    """One injected fault."""
    values = " ".join(f"{name}={value}" for name, value in one["values"].items() if value != "")
    target = " ".join(f"{k}={v}" for k, v in one["target"].items() if v not in ("", None) and (k, v) != ("chance", 100))
    what = "on" if one["on"] else "over" if one["healed_ms"] is not None else "waits"
    parts = [f"{one['number']:>3}", f"{one['id']} {one['name']}", what, f"{one['acts']} acts", values, target]
    return "  ".join(part for part in parts if part)


def faults_text(state: Mapping[str, Any]) -> str:
    """What is active, and what was."""
    active, over = state["active"], state["history"][-10:]
    lines = ["active:", *(fault_line(one) for one in active)] if active else ["no fault is active"]
    if over:
        lines += ["over:", *(fault_line(one) for one in over)]
    return "\n".join(lines)


def catalogue_text(rows: Iterable[FaultSpec]) -> str:
    """All faults, a line each."""
    return "\n".join(columns([(f"{row.id}{'*' if row.starred else ''}", row.name, row.title) for row in rows]))


def fault_page(row: FaultSpec) -> str:
    """One fault with its parameters."""
    lines = [f"{row.id} {row.name}: {row.title}", f"  a correct client: {row.shows}"]
    for p in row.parameters:
        lines.append(f"  --set {p.name}={p.default}  {p.meaning} ({p.values()})")
    return "\n".join(lines)


def ledger_text(found: Mapping[str, Any]) -> str:
    """Balances of every account, and whether all of it adds up."""
    lines = []
    for name, account in found["accounts"].items():
        counts = f"{account['open_orders']} open orders, {len(account['orders'])} in all, {len(account['fills'])} fills"
        lines.append(f"{name}: {counts}")
        rows = [(asset, "free", one["free"], "locked", one["locked"]) for asset, one in account["balances"].items()]
        lines += columns(rows)
    audit = found["audit"]
    lines.append(f"audit: {'everything adds up' if audit['right'] else 'WRONG'}, {audit['postings']:,} postings")
    return "\n".join([*lines, *audit["problems"]])


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
