"""Row checks of bars. Each check is a named rule: what it finds, and what it may do about it.

Some rules are always allowed, because they lose nothing: an identical second copy of a row is dropped, a file that
runs from newest to oldest is turned round. The others change or remove data and must be asked for by name; where one
is needed and not asked for, the data is refused. Nothing is repaired without a count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from ...errors import Fault, Place, RuntimeFault
from ..bars import FLOAT_COLUMNS, PRICE_COLUMNS, Bars, Flags, Ints, RuleUse
from ..moments import EARLIEST_NS, LATEST_NS, count_text, moment_text, period_text

LARGEST_PRICE = 1e12
LARGEST_VOLUME = 1e15

#: Rules that must be asked for -> what they do.
REPAIRS: Mapping[str, str] = MappingProxyType(
    {
        "one_time_unit": "read each time in the unit its size tells",
        "sort_rows": "sort the rows by time",
        "drop_missing_values": "drop rows with a missing value",
        "drop_bad_prices": "drop rows with impossible prices or volumes",
        "widen_high_low": "raise high and lower low until open and close lie between them",
        "drop_off_grid": "drop rows whose time is not the start of a bar",
        "drop_future": "drop bars that have not closed yet",
        "drop_missing_stamps": "drop rows of books and trades without a receive time",
        "drop_unknown_side": "drop rows of books and trades whose side is neither of the two",
    }
)


@dataclass(frozen=True, slots=True)
class Work:
    """Bars under inspection, and for each its row in the file (from 0)."""

    bars: Bars
    rows: Ints

    def keep(self, mask: Flags) -> Work:
        return Work(self.bars.take(mask), self.rows[mask])


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: how many, where (rows from 0), and the data as its rule would leave it."""

    rule: str
    code: str
    message: str
    detail: str
    rows: Ints
    repaired: Work | None
    notes: tuple[str, ...] = ()
    lossless: bool = False


Check = Callable[[Work], Finding | None]


def run_checks(
    work: Work, checks: Collection[Check], repairs: frozenset[str], source: str
) -> tuple[Work, list[RuleUse]]:
    """Run the checks in order; raise one `RuntimeFault` with everything that is not allowed to be repaired."""
    rules: list[RuleUse] = []
    faults: list[Fault] = []
    for check in checks:
        finding = check(work)
        if finding is None:
            continue
        if finding.repaired is not None and (finding.lossless or finding.rule in repairs):
            rules.append(RuleUse(finding.rule, len(finding.rows), finding.detail))
        else:
            faults.append(_refusal(finding, source))
        if finding.repaired is None:
            break
        work = finding.repaired  # later checks look at what remains, so that one cause gives one fault
    if faults:
        raise RuntimeFault(*faults)
    return work, rules


def _refusal(finding: Finding, source: str) -> Fault:
    rows = tuple(int(row) + 1 for row in finding.rows[:5])
    notes = finding.notes
    if len(finding.rows) > 1:
        more = f" and {len(finding.rows) - 5:,} more" if len(finding.rows) > 5 else ""
        notes = (*notes, f"rows {', '.join(map(str, rows))}{more}")
    helps = (f"`--repair {finding.rule}` would {REPAIRS[finding.rule]}",) if finding.rule in REPAIRS else ()
    facts = MappingProxyType({"rows": rows, "count": len(finding.rows)})
    return Fault(finding.code, finding.message, Place(source, rows[0]), notes, helps, facts)


def missing_values(work: Work) -> Finding | None:
    bad = np.zeros(len(work.bars), np.bool_)
    names = []
    for name in FLOAT_COLUMNS:
        holes = ~np.isfinite(getattr(work.bars, name))
        if holes.any():
            names.append(name)
            bad |= holes
    if not names:
        return None
    message = f"{_count(bad, 'row')} without a number in {', '.join(names)}"
    return Finding(
        "drop_missing_values", "FC1006", message, "rows with a missing value dropped", work.rows[bad], work.keep(~bad)
    )


def bad_prices(work: Work) -> Finding | None:
    bars = work.bars
    bad = (bars.volume < 0) | (bars.volume > LARGEST_VOLUME)
    for name in PRICE_COLUMNS:
        price = getattr(bars, name)
        bad |= (price <= 0) | (price > LARGEST_PRICE)
    if not bad.any():
        return None
    note = _quote(bars, int(np.argmax(bad)))
    message = f"{_count(bad, 'row')} with a price or volume that cannot be"
    detail = "rows with impossible prices or volumes dropped"
    return Finding("drop_bad_prices", "FC1007", message, detail, work.rows[bad], work.keep(~bad), (note,))


def high_low(work: Work) -> Finding | None:
    """Bars whose open or close lies outside low to high; `widen_high_low` repairs them."""
    bars = work.bars
    high = np.maximum(np.maximum(bars.open, bars.close), np.maximum(bars.high, bars.low))
    low = np.minimum(np.minimum(bars.open, bars.close), np.minimum(bars.high, bars.low))
    bad = (high > bars.high) | (low < bars.low)
    if not bad.any():
        return None
    note = _quote(bars, int(np.argmax(bad)))
    message = f"{_count(bad, 'bar')} with open or close outside low..high"
    repaired = Work(replace(bars, high=high, low=low), work.rows)
    return Finding(
        "widen_high_low",
        "FC1007",
        message,
        "high and low widened to hold open and close",
        work.rows[bad],
        repaired,
        (note,),
    )


def order(work: Work) -> Finding | None:
    steps = np.diff(work.bars.ts)
    if not (steps < 0).any():
        return None
    if (steps <= 0).all():
        backwards = Work(work.bars.take(slice(None, None, -1)), work.rows[::-1])
        detail = "rows ran from newest to oldest and were turned round"
        return Finding("reverse_rows", "FC1004", "rows run backwards", detail, work.rows, backwards, lossless=True)
    places = np.argsort(work.bars.ts, kind="stable")
    late = np.flatnonzero(steps < 0) + 1
    first = int(late[0])
    note = f"{moment_text(int(work.bars.ts[first]))} follows {moment_text(int(work.bars.ts[first - 1]))}"
    message = f"times go back at {len(late):,} place{'s' * (len(late) != 1)}"
    repaired = Work(work.bars.take(places), work.rows[places])
    return Finding("sort_rows", "FC1004", message, "rows sorted by time", work.rows[late], repaired, (note,))


def duplicates(work: Work) -> Finding | None:
    """Identical second copies. Sorted by time; copies need not be neighbours among rows of one time."""
    ts = work.bars.ts
    repeated = np.flatnonzero(ts[1:] == ts[:-1]) + 1
    if not len(repeated):
        return None
    first = np.searchsorted(ts, ts[repeated], side="left")  # compare with the first row of that time
    same = np.ones(len(repeated), np.bool_)
    for column in work.bars.columns().values():
        same &= column[repeated] == column[first]
    extra = np.zeros(len(ts), np.bool_)
    extra[repeated] = True
    kept = work.keep(~extra)
    if same.all():
        detail = "identical second copies of a row dropped"
        return Finding(
            "drop_exact_duplicates", "FC1005", "rows occur twice", detail, work.rows[repeated], kept, lossless=True
        )
    clash = repeated[~same]
    place = int(clash[0])
    other = int(first[~same][0])
    notes = (
        f"{moment_text(int(ts[place]))}: row {int(work.rows[other]) + 1} has {_quote(work.bars, other)}",
        f"{moment_text(int(ts[place]))}: row {int(work.rows[place]) + 1} has {_quote(work.bars, place)}",
        "which row is right cannot be known; two instruments in one file look like this too",
    )
    message = f"{len(clash):,} row{'s' * (len(clash) != 1)} with the time of another row and other values"
    return Finding("", "FC1005", message, "", work.rows[clash], None, notes)


def plausible_times(work: Work) -> Finding | None:
    bad = (work.bars.ts < EARLIEST_NS) | (work.bars.ts >= LATEST_NS)
    if not bad.any():
        return None
    message = f"{_count(bad, 'row')} with a time before 2009 or after 2100"
    return Finding("", "FC1003", message, "", work.rows[bad], None)


def on_grid(period_ns: int) -> Check:
    def check(work: Work) -> Finding | None:
        bad = work.bars.ts % period_ns != 0
        if not bad.any():
            return None
        first = int(np.argmax(bad))
        note = f"{moment_text(int(work.bars.ts[first]))} is not the start of a {period_text(period_ns)} bar"
        message = f"{_count(bad, 'row')} off the {period_text(period_ns)} grid"
        return Finding(
            "drop_off_grid",
            "FC1008",
            message,
            "rows off the bar grid dropped",
            work.rows[bad],
            work.keep(~bad),
            (note,),
        )

    return check


def closed(period_ns: int, now_ns: int) -> Check:
    def check(work: Work) -> Finding | None:
        bad = work.bars.ts + period_ns > now_ns
        if not bad.any():
            return None
        first = int(np.argmax(bad))
        note = f"the bar of {moment_text(int(work.bars.ts[first]))} UTC closes after {moment_text(now_ns)} UTC, now"
        message = f"{_count(bad, 'bar')} that have not closed yet" if bad.sum() > 1 else "1 bar that has not closed yet"
        return Finding(
            "drop_future", "FC1008", message, "bars not closed yet dropped", work.rows[bad], work.keep(~bad), (note,)
        )

    return check


VALUE_CHECKS: tuple[Check, ...] = (plausible_times, missing_values, bad_prices, high_low, order, duplicates)


def _count(flags: Flags, noun: str) -> str:
    return count_text(int(np.count_nonzero(flags)), noun)


def _quote(bars: Bars, row: int) -> str:
    return ", ".join(f"{name} {float(getattr(bars, name)[row])!r}" for name in FLOAT_COLUMNS)
