"""Writes the pages of docs/ that come from the compiler's own tables. `make docs` runs it; a test keeps them fresh."""

from __future__ import annotations

from pathlib import Path

from flashc.compiler.analysis.bounds import evaluate
from flashc.compiler.ir.ops import OPS, Row
from flashc.compiler.library.function import Addend, Function
from flashc.compiler.library.table import FUNCTIONS
from flashc.dsl.diagnostic_pages import pages as diagnostic_pages
from flashc.simulator.exchange.switches import switch_table
from flashc.simulator.faults.page import catalogue_page
from flashc.simulator.rest.endpoints import ENDPOINTS, PREFIX, Endpoint
from flashc.simulator.rest.errors import CODES

DOCS = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/generate.py from {source}. Change that, then run `make docs`. -->"


def pages() -> dict[str, str]:
    """Path below docs/ -> text, of every generated page."""
    diagnostics = {f"diagnostics/{name}": text for name, text in diagnostic_pages().items()}
    exchange = {
        "exchange-endpoints.md": endpoints_page(),
        "exchange-faults.md": faults_page(),
        "exchange-switches.md": switches_page(),
    }
    return {"operators.md": operators(), "functions.md": functions(), **exchange, **diagnostics}


def operators() -> str:
    """One row for each operation of the flat form."""
    lines = [
        "# Operations of the flat form",
        "",
        NOTE.format(source="compiler/ir/ops.py"),
        "",
        "Integers are two's complement and wrap; floats are IEEE-754 binary64, nearest-even, without contraction.",
        "Every operation is defined for all inputs. `cost` counts scalar operations for the work bound.",
        "",
        "| operation | attributes | operands | result | cost | meaning |",
        "|---|---|---|---|--:|---|",
    ]
    return "\n".join([*lines, *(_operation(row) for row in OPS.values())]) + "\n"


def _operation(row: Row) -> str:
    cost = f"{row.cost} per value" if row.per_length else str(row.cost)
    cells = [f"`{row.name}`", " ".join(row.attrs), " ".join(row.args), row.result or "", cost, _cell(row.meaning)]
    return "| " + " | ".join(cells) + " |"


UNITS = """Types: `a`, `b` are any unit, each letter one unit per call; `price`, `qty`, `notional` belong to the instrument; `real`, `int`, `bool`,
`duration`, `time` are what they say; `any` is any type. `length` is a whole number of ticks, at least 1, and `depth` one, at least 0: constants
or parameters with a range. A type with `?` may be absent. Warm-up counts ticks before the first value, beyond those its inputs need; `settle` is
the file's tolerance (1e-6): `settling(ema, n)` is ceil(ln(settle) / ln(1 - 2 / (n + 1))), with weight 1 / n for `rma`. Work and state are bounds for
the greatest length: `ring(n)` is n rounded up to a power of two, `log(n)` its exponent; numbers in brackets hold for the defaults, else for 20.
"""


def functions() -> str:
    """The library, group by group: what each function is, and everything the compiler knows of it."""
    lines = ["# Library functions", "", NOTE.format(source="compiler/library/"), "", *UNITS.splitlines()]
    groups = dict.fromkeys(function.group for function in FUNCTIONS.values())
    for group in groups:
        rows = [row for row in FUNCTIONS.values() if row.group == group]
        lines += ["", f"## {group}", "", ", ".join(f"[{row.name}](#{row.name})" for row in rows)]
        for row in rows:
            lines += ["", *_function(row)]
    return "\n".join(lines) + "\n"


def _function(row: Function) -> list[str]:
    facts = {
        "formula": _cell(row.formula),
        "reads": ", ".join(f"`{name}`" for name in row.implicit),
        "clock": "ticks with its arguments, which share one clock"
        if row.stateful
        else "ticks when an argument does; no state",
        "warm-up": " + ".join(map(_addend, row.warmup)) or "none",
        "no value when": row.absent or "never",
        "at most": ", ".join(f"{name} = {value}" for name, value in row.most),
        "work": f"{row.cost} operations a tick{_for_default(row, row.cost, 1)}",
        "state": _state(row),
        "source": row.source,
        "differs from TA-Lib": row.differs,
    }
    known = [f"- {name}: {text}" for name, text in facts.items() if text]
    return [f"### {row.name}", "", f"`{row.signature_text}`", "", row.doc, "", *known]


def _addend(part: Addend) -> str:
    """One addend of a warm-up in words."""
    match part:
        case ("ticks", int(count)):
            return str(count)
        case ("lag", name):
            return f"{name}"
        case ("window", name):
            return f"{name} - 1"
        case ("root", name):
            return f"floor(sqrt({name})) - 1"
        case ("day",):
            return "the ticks of one day - 1"
        case ("settle" | "settled", kind, length):
            return f"settling({kind}, {length}) - 1"
        case ("longer", tuple() as a, tuple() as b):
            return f"the longer of {_addend(a)} and {_addend(b)}"
        case ("kalman", str(q), str(r)):
            return f"settling time of the gain of {q} and {r}"
    raise AssertionError(f"unknown warm-up {part!r}")


def _state(row: Function) -> str:
    if row.words.isdigit():
        return f"{8 * int(row.words)} bytes" if row.words != "0" else "none"
    return f"8 * ({row.words}) bytes{_for_default(row, row.words, 8)}"


def _for_default(row: Function, formula: str, times: int) -> str:
    """The number a formula gives for default lengths; empty where it is the formula itself."""
    if formula.isdigit():
        return ""
    lengths = {p.name: float(p.default if p.default and p.default.isdigit() else 20) for p in row.signature.params}
    return f" ({times * evaluate(formula, lengths)})"


def switches_page() -> str:
    """All switches of the local exchange."""
    head = [
        "# Switches of the local exchange",
        "",
        NOTE.format(source="simulator/exchange/switches.py"),
        "",
        "Some things about the exchange nobody outside it knows for certain: its own texts, recordings and clients contradict each",
        "other. Each is a switch here. A program that trades should be right under every setting; the default, in bold, is the",
        "reading that is attested best.",
        "",
        "    flashc sim exchange --switch cancel_status=before",
        "    flashc sim switch cancel_status=before ioc_unfilled=refused",
        "",
    ]
    return "\n".join(head) + "\n" + switch_table()


def faults_page() -> str:
    """All faults of the local exchange."""
    head = [
        "# Faults of the local exchange",
        "",
        NOTE.format(source="simulator/faults/rows_*.py"),
        "",
        "What can go wrong between a client and an exchange, by number and name. [Running it](exchange-running.md) says how to",
        "inject one, when it acts and on whom. Those marked (*) matter most: each has cost somebody orders or money.",
        "",
        "    flashc sim fault depth-gap --for 5s",
        "    flashc sim fault B-01 --set messages=3 --symbol BTCUSDC --every 1m --for 10s",
        "",
    ]
    return "\n".join(head) + "\n" + catalogue_page()


def endpoints_page() -> str:
    """All endpoints and all codes of the local exchange."""
    lines = [
        "# Endpoints and codes of the local exchange",
        "",
        NOTE.format(source="simulator/rest/endpoints.py and errors.py"),
        "",
        "Paths begin with `/api/v3/`. A **permission** means that the call must be signed by a key that has it. The weight counts",
        "against the [limits](exchange-rest.md#limits) of the newer and of the older rule; where they differ, the older one stands behind",
        "the slash, with the weight of a call for all symbols in brackets.",
        "",
        "| call | answer | permission | weight | calls a second |",
        "|---|---|---|--:|---|",
        *(_endpoint(row) for row in ENDPOINTS.values()),
        "",
        "## Codes",
        "",
        'A refusal is `{"msg":"…","code":…}`. Every code of the exchange is here; the last column says why the local one does',
        "not give it by itself. A fault can give any of them.",
        "",
        "| code | HTTP | text | not given because |",
        "|--:|--:|---|---|",
        *(f"| {code} | {row.status} | {row.text} | {row.why_not} |" for code, row in CODES.items()),
    ]
    return "\n".join(lines) + "\n"


def _endpoint(row: Endpoint) -> str:
    cost = row.weight
    older = f"{cost.older} ({row.all_older})" if row.all_older else str(cost.older)
    weight = str(cost.newer) if older == str(cost.newer) else f"{cost.newer} / {older}"
    name = row.name if row.prefix == PREFIX else row.prefix + row.name
    return f"| `{row.method} {name}` | {row.what} | {row.permission} | {weight} | {', '.join(cost.pools)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    wanted = pages()
    for old in (DOCS / "diagnostics").glob("*.md"):
        if f"diagnostics/{old.name}" not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
