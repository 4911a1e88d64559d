"""What `flashc data` prints, as text."""

from __future__ import annotations

from collections.abc import Sequence

from ..runtime.market_data.bars import Dataset, RuleUse
from ..runtime.market_data.events import EventSet
from ..runtime.market_data.moments import moment_text, period_text
from ..runtime.market_data.store.places import Root
from ..runtime.market_data.store.records import AnyRecord, EventRecord, Record
from ..runtime.market_data.store.upkeep import Freed, Version
from ..runtime.market_data.verify.bars import Report


def stored_text(record: AnyRecord) -> str:
    """One block for a data set that was just made or grew."""
    return imported_text(record) if isinstance(record, Record) else events_text(record)


def record_text(record: AnyRecord) -> str:
    """Everything that a record says."""
    return bars_record_text(record) if isinstance(record, Record) else events_record_text(record)


def imported_text(record: Record) -> str:
    """One block for a data set that was just made: what it is, what was detected, which rules were applied."""
    first = f"{record.name}: {record.bars:,} {period_text(record.period_ns)} bars of {record.instrument}"
    span = f"{moment_text(record.from_ns)} to {moment_text(record.to_ns)} UTC"
    lines = [first, f"  span       {span}", f"  stored in  {_stored_in(record)}"]
    if (missing := _missing(record)) != "none":
        lines.append(f"  missing    {missing}")
    if detected := _detected(record):
        lines.append(f"  detected   {detected}")
    return "\n".join([*lines, *_rule_lines(record.rules)])


def events_text(record: EventRecord) -> str:
    """One block for a data set of events that was just made."""
    first = f"{record.name}: {record.kinds} of {record.instrument}"
    lines = [first, f"  span       {_span(record)} UTC", f"  stored in  {_stored_in(record)}"]
    lines += [f"  {kind:<9}  {text}" for kind, text in _counts(record)]
    if detected := _detected(record):
        lines.append(f"  detected   {detected}")
    return "\n".join([*lines, *_rule_lines(record.rules)])


def _stored_in(record: AnyRecord) -> str:
    return f"{record.path}, version {record.version}"


def _span(record: EventRecord) -> str:
    first, last = (moment_text(ns // 10**6 * 10**6) for ns in (record.from_ns, record.to_ns))
    return f"{first} to {last}"


def _counts(record: EventRecord) -> list[tuple[str, str]]:
    """(kind, how much of it)."""
    messages = f" in {record.messages:,} messages"
    return [(kind, f"{n:,} rows{messages}" if kind == "book" else f"{n:,}") for kind, n in record.rows.items()]


def events_record_text(record: EventRecord) -> str:
    """Everything the record of a book or trades says."""
    rows = [
        ("Name", record.name),
        ("Version", "" if record.version is None else str(record.version)),
        ("Instrument", record.instrument),
        ("Venue", record.venue),
        *((kind.capitalize(), text) for kind, text in _counts(record)),
        ("From", f"{moment_text(record.from_ns)} UTC"),
        ("To", f"{moment_text(record.to_ns)} UTC"),
        ("Detected", _detected(record)),
        ("Hash", record.content_hash),
        ("Path", str(record.path)),
    ]
    lines = [f"{name:<10}  {value}" for name, value in rows if value]
    rules = [f"{rule.name} x {rule.count:,}: {rule.detail}" for rule in record.rules] or ["none was needed"]
    return "\n".join([*lines, *(f"{'Rules' if k == 0 else '':<10}  {text}" for k, text in enumerate(rules))])


def _detected(record: AnyRecord) -> str:
    facts = record.facts
    if "layout" not in facts:
        return f"seed {facts['parameters']['seed']}" if "parameters" in facts else ""
    text = f"{facts['format']}, {facts['layout']}, time in {facts['time_unit']}, venue {record.venue}"
    text += "; check sum matches" if facts.get("checksum") == "matches" else ""
    ignored = facts.get("ignored_columns") or ()
    return f"{text}; columns not read: {', '.join(ignored)}" if ignored else text


def _rule_lines(rules: Sequence[RuleUse]) -> list[str]:
    if not rules:
        return ["  rules      none was needed"]
    return [
        f"  {'rules' if place == 0 else '':<9}  {rule.name} x {rule.count:,}: {rule.detail}"
        for place, rule in enumerate(rules)
    ]


def bars_record_text(record: Record) -> str:
    """Everything the record of bars says."""
    rows = [
        ("Name", record.name),
        ("Version", "" if record.version is None else str(record.version)),
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


def listing_text(records: Sequence[AnyRecord], root: Root) -> str:
    """A table of data sets, or how to make one."""
    if not records:
        return f"no data sets in {root}\n`flashc data import FILE` or `flashc data synth` makes one"
    header = ("Name", "Version", "Instrument", "Holds", "Rows", "From", "To")
    rows = [
        (
            record.name,
            str(record.version),
            record.instrument,
            record.holds,
            f"{record.total_rows:,}",
            moment_text(record.from_ns // 10**9 * 10**9),
            moment_text(record.to_ns // 10**9 * 10**9),
        )
        for record in records
    ]
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]
    lines = ["  ".join(_cell(cell, width, k) for k, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
             for row in (header, *rows)]  # fmt: skip
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def history_text(versions: Sequence[Version]) -> str:
    """A table of versions, the newest first."""
    header = ("Version", "Made (UTC)", "Change", "Rows", "From", "To", "Hash")
    rows = [
        (
            str(one.version),
            moment_text(one.time_ms // 1000 * 10**9),
            one.change + ", files pruned" * one.pruned,
            f"{one.rows:,}",
            moment_text(one.from_ns // 10**9 * 10**9),
            moment_text(one.to_ns // 10**9 * 10**9),
            one.content_hash[:12],
        )
        for one in versions
    ]
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]
    lines = [
        "  ".join(cell.rjust(width) if k in (0, 3) else cell.ljust(width) for k, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(row, widths, strict=True)) for row in (header, *rows))
    ]
    return "\n".join([lines[0].rstrip(), "-" * max(map(len, lines)), *(line.rstrip() for line in lines[1:])])


def freed_text(freed: Freed) -> str:
    """What a prune deleted, after the data set's name."""
    if not freed:
        return "nothing to delete"
    size = "" if freed.size is None else f", {freed.size / 2**20:,.1f} MiB"
    left = f", {freed.orphans:,} of them left behind by writers that died" if freed.orphans else ""
    count = freed.files + freed.orphans
    return f"{count:,} file{'s' * (count != 1)} deleted{size}{left}"


def _cell(text: str, width: int, place: int) -> str:
    return text.rjust(width) if place in (1, 4) else text.ljust(width)


def bars_head(data: Dataset) -> str:
    """The first line of a report on bars."""
    return (
        f"{data.name}: {len(data.bars):,} {period_text(data.period_ns)} bars of {data.instrument.symbol}, "
        f"{moment_text(data.from_ns)} to {moment_text(data.to_ns)} UTC"
    )


def events_head(data: EventSet) -> str:
    """The first line of a report on a book or trades."""
    parts = " and ".join(f"{len(part):,} rows of {kind}" for kind, part in data.parts().items())
    span = f"{moment_text(data.from_ns)} to {moment_text(data.to_ns)} UTC"
    return f"{data.name}: {parts} of {data.instrument.symbol}, {span}"


def report_text(head: str, rules: Sequence[RuleUse], report: Report) -> str:
    """One line per check, with what is done about it and the worst places."""
    lines = [head]
    width = max(13, *(len(item.check) for item in report.items))
    for item in report.items:
        lines.append(f"  {item.level:<5}  {item.check:<{width}}  {item.found}")
        if item.done:
            lines.append(f"{'':<{width + 11}}{item.done}")
        lines += [f"{'':<{width + 13}}{place}" for place in item.worst]
    lines += [f"  rule   {rule.name} x {rule.count:,}: {rule.detail}" for rule in rules]
    faults = sum(item.level == "fault" for item in report.items)
    lines.append("no faults" if report.ok else f"{faults} fault{'s' * (faults != 1)}")
    return "\n".join(lines)
