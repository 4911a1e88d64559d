"""What the `flashc sim` commands print."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import Row
from .text import columns

if TYPE_CHECKING:
    from ..simulator.exchange.switches import Switch
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
    from ..simulator.server.folder import TOKEN, default_folder

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
    there = "" if folder == default_folder() else f" --folder {shlex.quote(str(folder))}"
    said = f"`flashc sim status{there}`, `flashc sim fault depth-gap --for 5s{there}`"
    return "\n".join([*lines, f"another terminal: {said}"])


#: So many symbols are shown while the exchange runs.
_SHOWN_SYMBOLS = 6


def live_rows(local: LocalExchange, began_ns: int, rates: Mapping[str, float]) -> list[Row]:
    """What a running exchange shows: time, best prices, clients, orders, faults. `rates` are counts a second."""
    from ..runtime.market_data.moments import count_text

    world, names = local.world, list(local.world.exchange.specs)
    best = [_best(local, name) for name in names[:_SHOWN_SYMBOLS]]
    widths = [max(map(len, column)) for column in zip(*best, strict=True)]
    rows: list[Row] = [_clock_row(local, began_ns)]
    for name, (bid, ask) in zip(names, best, strict=False):
        rows.append((name, f"{bid:>{widths[0]}} / {ask:>{widths[1]}}", ""))
    if len(names) > len(best):
        rows.append(("", f"and {len(names) - len(best)} more: `flashc sim status`", ""))
    busy = f"{rates['pushes']:,.0f} messages/s, {rates['requests']:,.0f} requests/s"
    rows.append(("clients", f"{count_text(len(local.app.connections), 'connection')}, {busy}", ""))
    orders = f"{world.counts['orders']:,} by clients"
    if (crowd := world.crowd) is not None:
        orders += f", {crowd.placed:,} by {count_text(crowd.number, 'trader')}"
    rows.append(("orders", orders, ""))
    on = [f"{one.spec.id} {one.spec.name}" for one in world.board.active if one.is_on]
    return [*rows, ("faults", ", ".join(on) or "none", "warn" if on else "")]


def _clock_row(local: LocalExchange, began_ns: int) -> Row:
    from ..runtime.market_data.moments import span_text

    now_s, speed = local.world.now_ns // 10**9, local.clock.speed
    parts = [_moment(now_s * 1000), f"for {span_text(max(1, now_s - began_ns // 10**9) * 10**9)}"]
    if speed != 1:
        parts.append(f"speed {speed or 'max'}")
    if (is_late := local.driver.lag_ns > 10**9) and speed:
        parts.append(f"{local.driver.lag_ns / 1e9:.1f} s behind: this machine is too slow for the speed")
    return "time", ", ".join(parts), "warn" if is_late and speed else ""


def _best(local: LocalExchange, name: str) -> tuple[str, str]:
    from ..simulator.exchange.amounts import amount_text

    spec = local.world.exchange.specs[name]
    _, bids, asks = local.world.exchange.depth(name, 1)
    bid, ask = (amount_text(side[0][0], spec.price_decimals, strip=False) if side else "-" for side in (bids, asks))
    return bid, ask


def ended_text(local: LocalExchange) -> str:
    """The last line: what there was, and whether the ledger adds up."""
    counts, audit = local.world.counts, local.world.exchange.audit()
    what = f"{counts['requests']:,} requests, {counts['orders']:,} orders, {counts['pushes']:,} messages"
    return f"ended: {what}; the ledger {'adds up' if audit.is_right else 'is WRONG'}"


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
        ("accounts", _accounts_text(state)),
        *_traders_row(state),
        ("faults", ", ".join(state["faults"]) or "none"),
    ]
    return "\n".join(columns(rows))


def _traders_row(state: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the background traders did; nothing where there are none."""
    traders = state["traders"]
    if not traders["number"]:
        return []
    did = ", ".join(f"{what} {traders[what]:,}" for what in ("placed", "refused", "cancelled"))
    return [("traders", f"{traders['number']}, orders {did}")]


def _accounts_text(state: Mapping[str, Any]) -> str:
    """The accounts without the background traders, which have a row of their own."""
    names = state["accounts"]
    return ", ".join(names[: len(names) - state["traders"]["number"]])


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


def switch_list(rows: Iterable[Switch]) -> str:
    """All switches: what each decides, its setting at the start, and the others."""
    lines = []
    for row in rows:
        lines += [f"{row.name}={row.default}  {row.meaning}", f"    {row.settings()}"]
    return "\n".join(lines)


def switch_facts(rows: Iterable[Switch]) -> list[dict[str, str]]:
    """The same for machines."""
    return [
        {"name": row.name, "default": row.default, "meaning": row.meaning, "settings": row.settings()} for row in rows
    ]


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
