"""What `flashc data` prints, as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..runtime.market_data.bars import Dataset, RuleUse
from ..runtime.market_data.moments import moment_text, period_text
from ..runtime.market_data.store import Record
from ..runtime.market_data.verify import Report


def imported_text(record: Record) -> str:
    """One block for a data set that was just made: what it is, what was detected, which rules were applied."""
    first = f"{record.name}: {record.bars:,} {period_text(record.period_ns)} bars of {record.instrument}"
    span = f"{moment_text(record.from_ns)} to {moment_text(record.to_ns)} UTC"
    lines = [first, f"  span       {span}", f"  stored in  {record.path}"]
    if (missing := _missing(record)) != "none":
        lines.append(f"  missing    {missing}")
    if detected := _detected(record):
        lines.append(f"  detected   {detected}")
    return "\n".join([*lines, *_rule_lines(record.rules)])


def _detected(record: Record) -> str:
    facts = record.facts
    if "layout" not in facts:
        return f"seed {facts['parameters']['seed']}" if "parameters" in facts else ""
    text = f"{facts['format']}, {facts['layout']}, time in {facts['time_unit']}, venue {record.venue}"
    ignored = facts.get("ignored_columns") or ()
    return f"{text}; columns not read: {', '.join(ignored)}" if ignored else text


def _rule_lines(rules: Sequence[RuleUse]) -> list[str]:
    if not rules:
        return ["  rules      none was needed"]
    return [
        f"  {'rules' if place == 0 else '':<9}  {rule.name} x {rule.count:,}: {rule.detail}"
        for place, rule in enumerate(rules)
    ]


def record_text(record: Record) -> str:
    """Everything the record says."""
    rows = [
        ("Name", record.name),
        ("Instrument", record.instrument),
        ("Venue", record.venue),
        ("Period", period_text(record.period_ns)),
        ("Bars", f"{record.bars:,}"),
        ("From", f"{moment_text(record.from_ns)} UTC"),
        ("To", f"{moment_text(record.to_ns)} UTC"),
        ("Missing", _missing(record)),
        ("Columns", ", ".join(record.columns)),
        ("Detected", _detected(record)),
        ("Hash", record.content_hash),
        ("Path", str(record.path)),
    ]
    lines = [f"{name:<10}  {value}" for name, value in rows if value]
    rules = [f"{rule.name} x {rule.count:,}: {rule.detail}" for rule in record.rules] or ["none was needed"]
    return "\n".join([*lines, *(f"{'Rules' if k == 0 else '':<10}  {text}" for k, text in enumerate(rules))])


def _missing(record: Record) -> str:
    slots = (record.to_ns - record.from_ns) // record.period_ns
    missing = slots - record.bars
    return f"{missing:,} of {slots:,} bars ({100 * missing / slots:.2f} %)" if missing else "none"


def listing_text(records: Sequence[Record], root: Path) -> str:
    """A table of data sets, or how to make one."""
    if not records:
        return f"no data sets in {root}\n`flashc data import FILE` or `flashc data synth` makes one"
    header = ("Name", "Instrument", "Period", "Bars", "From", "To")
    rows = [
        (
            record.name,
            record.instrument,
            period_text(record.period_ns),
            f"{record.bars:,}",
            moment_text(record.from_ns),
            moment_text(record.to_ns),
        )
        for record in records
    ]
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]
    lines = ["  ".join(_cell(cell, width, k) for k, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
             for row in (header, *rows)]  # fmt: skip
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _cell(text: str, width: int, place: int) -> str:
    return text.rjust(width) if place == 3 else text.ljust(width)


def report_text(data: Dataset, report: Report) -> str:
    """One line per check, with what is done about it and the worst places."""
    head = (
        f"{data.name}: {len(data.bars):,} {period_text(data.period_ns)} bars of {data.instrument.symbol}, "
        f"{moment_text(data.from_ns)} to {moment_text(data.to_ns)} UTC"
    )
    lines = [head]
    for item in report.items:
        lines.append(f"  {item.level:<5}  {item.check:<13}  {item.found}")
        if item.done:
            lines.append(f"{'':<24}{item.done}")
        lines += [f"{'':<26}{place}" for place in item.worst]
    lines += [f"  rule   {rule.name} x {rule.count:,}: {rule.detail}" for rule in data.rules]
    faults = sum(item.level == "fault" for item in report.items)
    lines.append("no faults" if report.ok else f"{faults} fault{'s' * (faults != 1)}")
    return "\n".join(lines)
