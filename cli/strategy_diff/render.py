"""A comparison as text for a terminal, as Markdown for a pull request, and as plain values for machines."""

from __future__ import annotations

from collections.abc import Sequence

from ...dsl.source import Source
from .change import Change, Comparison, Kind, Place
from .policy import Policy

_COLORS = {Kind.RISK_LOOSENED: "1;31", Kind.SIGNAL: "33", Kind.EXECUTION: "33", Kind.INPUTS: "36", Kind.STATE: "36",
           Kind.RISK_TIGHTENED: "32", Kind.DEFAULT: "34", Kind.COSMETIC: "2"}  # fmt: skip
#: Longest line of a file that is shown; of longer ones the part around the change.
_LINE = 100


def text_of(found: Comparison, policy: Policy, width: int, color: bool) -> str:
    """The whole answer, without a final newline."""
    if not found.changes:
        return f"{found.name_a} and {found.name_b}: no difference"
    blocks = [_block(change, found, policy, width, color) for change in found.changes]
    closing = "\n".join(_wrapped(summary(found, policy), width, "", "  "))
    return "\n\n".join([f"{found.name_a} → {found.name_b}", *blocks, closing])


def _block(change: Change, found: Comparison, policy: Policy, width: int, color: bool) -> str:
    kind = change.kind.value.replace("-", " ")
    head = f"\x1b[{_COLORS[change.kind]}m{kind}\x1b[0m" if color else kind
    verdict = "✔" if policy.allows(change) else "✘"
    lines = _wrapped(f"{verdict} {kind}  {change.item}: {change.said}{_values(change)}", width, "", "    ")
    lines[0] = lines[0].replace(kind, head, 1)
    for mark, place, source, name in (
        ("-", change.before, found.source_a, found.name_a),
        ("+", change.after, found.source_b, found.name_b),
    ):
        if place is not None:
            lines += _excerpt(mark, place, source, name, width, color)
    for line in change.consequences:
        lines += _wrapped(line, width, "    = ", "      ")
    return "\n".join(lines)


def _values(change: Change) -> str:
    """`, 25 USDC → 40 USDC` where both are short."""
    if change.before is None or change.after is None or change.said.startswith("renamed"):
        return ""
    texts = change.before.text, change.after.text
    return f", {texts[0]} → {texts[1]}" if max(map(len, texts)) <= 20 and texts[0] != texts[1] else ""


def _wrapped(line: str, width: int, first: str, rest: str) -> list[str]:
    import textwrap

    most = max(40, width)
    return textwrap.wrap(
        line, most, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _excerpt(mark: str, place: Place, source: Source, name: str, width: int, color: bool) -> list[str]:
    """`  - 41 | day_loss: {limit: 25 USDC}` with the span underlined."""
    if place.span.path != source.path:
        return [f"  {mark} {place.text}"]
    at = source.position(place.span.start)
    line = source.line_text(at.line)
    start = at.column - 1
    length = max(1, min(place.span.end, place.span.start + len(line) - start) - place.span.start)
    cut, shift = _window(line, start, min(length, len(line) - start), min(_LINE, width - 10))
    number = f"{at.line:>4}"
    body = f"  {mark} {number} | {cut}"
    under = f"    {' ' * len(number)} | {' ' * (start - shift)}{'~' * max(1, min(length, len(cut) - (start - shift)))}"
    if color:
        tone = "31" if mark == "-" else "32"
        body, under = f"\x1b[{tone}m{body}\x1b[0m", f"\x1b[{tone}m{under}\x1b[0m"
    return [body, under]


def _window(line: str, start: int, length: int, most: int) -> tuple[str, int]:
    """The part of a line that holds the span, and how much was cut off at its left, without common indentation."""
    indent = len(line) - len(line.lstrip())
    left = indent
    if start + length - left > most:
        left = max(indent, min(start, start + length - most))
    return line[left : left + most].rstrip(), left


def summary(found: Comparison, policy: Policy) -> str:
    """`2 changes: 1 risk loosened, 1 cosmetic · not allowed: 1`."""
    counts = ", ".join(f"{count} {kind.value.replace('-', ' ')}" for kind, count in found.counts().items())
    total = len(found.changes)
    refused = sum(not policy.allows(change) for change in found.changes)
    allowed = ", ".join(k.value for k in reversed(Kind) if k in policy.allow | {Kind.COSMETIC})
    verdict = f"{refused} not allowed" if refused else "all allowed"
    where = f" by {policy.where}" if policy.where else ""
    return f"{total} {'change' if total == 1 else 'changes'}: {counts} · {verdict} (allowed: {allowed}{where})"


def json_of(found: Comparison, policy: Policy) -> dict[str, object]:
    """Stable keys."""
    return {
        "a": found.name_a,
        "b": found.name_b,
        "same": not found.changes,
        "ir": {"a": found.ir_a, "b": found.ir_b},
        "allowed": all(map(policy.allows, found.changes)),
        "counts": {kind.value: count for kind, count in found.counts().items()},
        "changes": [_change_json(change, found, policy) for change in found.changes],
    }


def _change_json(change: Change, found: Comparison, policy: Policy) -> dict[str, object]:
    return {
        "class": change.kind.value,
        "item": change.item,
        "said": change.said,
        "unclear": change.unclear,
        "allowed": policy.allows(change),
        "before": _place_json(change.before, found.source_a),
        "after": _place_json(change.after, found.source_b),
        "consequences": list(change.consequences),
    }


def _place_json(place: Place | None, source: Source) -> dict[str, object] | None:
    if place is None:
        return None
    if place.span.path != source.path:
        return {"text": place.text, "line": None, "column": None}
    at = source.position(place.span.start)
    return {"text": place.text, "line": at.line, "column": at.column}


def markdown_of(found: Comparison, policy: Policy) -> str:
    """A section for a summary on GitHub: the verdict, then a table; cosmetic changes are folded away."""
    refused = [c for c in found.changes if not policy.allows(c)]
    title = f"### `{_code(found.name_a)}` → `{_code(found.name_b)}`"
    if not found.changes:
        return f"{title}\n\nNo difference.\n"
    mark = "❌" if refused else "✅"
    shown = [c for c in found.changes if c.kind is not Kind.COSMETIC]
    folded = [c for c in found.changes if c.kind is Kind.COSMETIC]
    parts = [title, f"{mark} {summary(found, policy)}"]
    parts += [_table(shown, found, policy)] if shown else []
    if folded:
        parts.append(
            f"<details><summary>{len(folded)} cosmetic</summary>\n\n{_table(folded, found, policy)}\n\n</details>"
        )
    return "\n\n".join(parts) + "\n"


def _table(changes: Sequence[Change], found: Comparison, policy: Policy) -> str:
    rows = ["| class | item | before | after | |", "|---|---|---|---|---|"]
    for change in changes:
        kind = change.kind.value.replace("-", " ")
        kind = f"**{kind}**" if not policy.allows(change) else kind
        cells = (_cell(change.before, found.source_a), _cell(change.after, found.source_b))
        notes = "<br>".join(_escaped(line) for line in (change.said, *change.consequences))
        rows.append(f"| {kind} | `{_code(change.item)}` | {cells[0]} | {cells[1]} | {notes} |")
    return "\n".join(rows)


def _cell(place: Place | None, source: Source) -> str:
    if place is None:
        return ""
    line = f" (line {source.position(place.span.start).line})" if place.span.path == source.path else ""
    return f"`{_code(place.text)}`{line}"


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", "\\|")


def _escaped(text: str) -> str:
    """User text must not become markup."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return text
