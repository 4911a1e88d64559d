"""Tests on a tape or on generated data: a backtest by the reference interpreter, with the assertions as probes.

The run is the one that `flashc backtest --engine ref` makes, so what holds here holds for every engine; that the others
agree is one of the laws, which are tried on the same data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...compiler.evaluate.evaluator import Machine, Out
from ...compiler.pipeline import Compiled
from ...cython_core import layout as memory
from ...dsl.diagnostics import Diagnostic, Label
from ...dsl.document import TestDecl
from ...dsl.source import Span
from ...runtime.errors import RuntimeFault
from ..front import Front
from ..problem import Problem
from .generated import generated_data
from .programs import Watched, parameter_words
from .seen import Order, Seen, Witness, instance_of, style_name

if TYPE_CHECKING:
    from ...compiler.frontend.assertions import CheckedTest
    from ...runtime.backtest.result import Account
    from ...runtime.market_data.tapes.file import Tape
    from ..market_options import MarketOptions
    from ..prepared import Prepared
    from .lawful import Laws

#: The reference interpreter reads some ten thousand records a second.
MOST_RECORDS = 1_000_000

_MARKET_OPTIONS = ("latency", "queue", "fill")


class Watching:
    """A machine that tells a witness what the strategy decides and wants."""

    def __init__(self, machine: Machine, aliases: Sequence[str], rules: Sequence[str], witness: Witness) -> None:
        self.machine, self.aliases, self.rules, self.witness = machine, aliases, rules, witness
        self.begun = -1

    @property
    def books(self) -> Any:
        return self.machine.books

    @books.setter
    def books(self, books: Any) -> None:
        self.machine.books = books

    @property
    def state(self) -> list[int]:
        return self.machine.state

    def init(self, params: Sequence[int | float]) -> None:
        self.machine.init(params)

    def event(self, record: Sequence[int]) -> Out:
        """One record; what it brings is told before anybody acts on it."""
        if self.begun < 0:
            self.begun = record[memory.TIME]
        out = self.machine.event(record)
        if out.decisions:
            probes = dict(self.machine.probes)
            for time, reason, mask in out.decisions:
                alias = self.aliases[instance_of(reason)]
                self.witness.decided(Seen(time, time - self.begun, alias, reason & 0xFFFF_FFFF, mask, probes))
        self._orders(out, record[memory.TIME])
        return out

    def report(self, record: Sequence[int]) -> Out:
        out = self.machine.report(record)
        self._orders(out, record[memory.TIME])
        return out

    def _orders(self, out: Out, time: int) -> None:
        for intent in out.intents:
            if intent[memory.I_STYLE] != memory.STYLE_CANCEL:
                number = intent[memory.I_RULE]
                what = (style_name(intent[memory.I_STYLE]), intent[memory.I_QTY], intent[memory.I_PRICE])
                alias = self.aliases[intent[memory.I_INSTRUMENT]]
                order = Order(time, time - self.begun, intent[memory.I_SIDE], *what, self.rules[number], alias)
                self.witness.ordered(order)


Lawful = tuple[list[Diagnostic], tuple[str, ...]]


def run_market_test(
    test: CheckedTest, watched: Watched, front: Front, rules: Sequence[str], witness: Witness, laws: Laws | None
) -> Lawful:
    """Run one test: what keeps it from being run or what law it breaks, and the laws that hold on its data."""
    try:
        data = _data(test, watched, front)
        if isinstance(data, Diagnostic):
            return [data], ()
        made = _prepare(test, watched, data)
        if isinstance(made, Diagnostic):
            return [made], ()
        _go(test, watched, Watching(Machine(watched.program), watched.checked.traded, rules, witness), made)
        _, _, account, options = made
        return laws.tried(test, data, _span(test), account, options) if laws is not None else ([], ())
    except RuntimeFault as error:
        return [_of_fault(error, test.decl)], ()
    except Problem as error:
        return [_of_problem(error, test.decl)], ()


# --- data


def _data(test: CheckedTest, watched: Watched, front: Front) -> list[str] | Diagnostic:
    if test.decl.tape is None:
        return generated_data(test, watched.program)
    name = test.decl.tape.value
    beside = Path(front.source.path).parent / name if front.source is not None else Path(name)
    return [str(beside) if beside.exists() else name]


def _prepare(
    test: CheckedTest, watched: Watched, data: list[str]
) -> tuple[Prepared, Tape, Account, MarketOptions | None] | Diagnostic:
    """What `backtest` makes of its options."""
    from .. import running
    from ..market_options import options_for
    from ..settings import rates

    given = dict(test.decl.options)
    prepared = prepared_of(watched, test)
    asked = {f"--{key}": given[key].value if key in given else None for key in _MARKET_OPTIONS}
    slippage = int(given["slippage"].value.replace("_", "")) if "slippage" in given else 0
    options = options_for(prepared, asked, slippage)
    span = _span(test)
    tape = running.make_tape(prepared, data, span[0], span[1], options)
    if len(tape) > MOST_RECORDS:
        return _too_long(test.decl, len(tape))
    pinned = test.decl.sha256
    if pinned is not None and not tape.data_hash.startswith(pinned.value):
        return Diagnostic(
            "FC0811",
            "the data is not what the test pins",
            Label(pinned.span, "another hash"),
            notes=(f"the data's hash is {tape.data_hash}",),
            helps=("put the pinned data back, or pin this one after looking at what changed",),
        )
    fees: tuple[Decimal, Decimal] | None = rates(given["fees"].value if "fees" in given else None)
    account = running.account_of(prepared, running.costs_of(prepared, fees, slippage))
    return prepared, tape, account, options


def _too_long(decl: TestDecl, records: int) -> Diagnostic:
    return Diagnostic(
        "FC0809",
        "this tape is too long for a test",
        Label(_place(decl), f"{records:,} records"),
        notes=(f"tests are run by the reference interpreter; they may have {MOST_RECORDS:,} records",),
        helps=("cut it with `from` and `to`, or run it with `flashc backtest`",),
    )


def _span(test: CheckedTest) -> list[int | None]:
    """The range of the tape, epoch ns."""
    from ..settings import moment

    given = dict(test.decl.options)
    return [moment(f"--{key}", given[key].value) if key in given else None for key in ("from", "to")]


def prepared_of(watched: Watched, test: CheckedTest) -> Prepared:
    """The watched program in the form that the run's composition takes."""
    from ..prepared import Prepared

    compiled = Compiled(watched.checked, watched.program, [dict(line) for line in watched.explain], "", "", "")
    values = parameter_words(watched.program, test.params)
    params = {param.label: value for param, value in zip(watched.program.params, values, strict=True)}
    source = watched.checked.document.source
    return Prepared(source, compiled, {}, Path(), params, {}, ())


def _go(
    test: CheckedTest,
    watched: Watched,
    machine: Watching,
    made: tuple[Prepared, Tape, Account, MarketOptions | None],
) -> None:
    from ...runtime.backtest import reference
    from ..inputs import kernel_facts, market_tape

    prepared, tape, account, options = made
    facts, values = kernel_facts(prepared.compiled), parameter_words(watched.program, test.params)
    if options is None:
        reference.run(machine, facts, tape.records.tolist(), values, account)
        return
    from ...runtime.backtest.market.reference_market import run_market_reference

    run_market_reference(machine, facts, market_tape(prepared.compiled, tape), values, account, options.model)


# --- what can go wrong

_MISSING = ("FC1010", "FC1014")


def _place(decl: TestDecl) -> Span:
    if decl.tape is not None:
        return decl.tape.span
    return decl.generate.kind.span if decl.generate is not None else decl.name.span


def _of_fault(error: RuntimeFault, decl: TestDecl) -> Diagnostic:
    """A fault of data, at the place of the test that names the data."""
    first = error.first
    code = "FC0803" if first.code in _MISSING else first.code
    where = (f"at {first.where}",) if first.where else ()
    return Diagnostic(code, first.message, Label(_place(decl)), notes=(*where, *first.notes), helps=first.helps)


def _of_problem(error: Problem, decl: TestDecl) -> Diagnostic:
    """Wrong use of an option that the test has in common with `backtest`."""
    given = dict(decl.options)
    key = next((key for key in given if f"--{key}" in error.message), "")
    span = given[key].span if key else decl.name.span
    message = re.sub(r"`--(\w)", r"`\1", error.message)  # tests have keys where commands have options
    helps = tuple(text.replace(f"--{key} ", "") if key else text for text in error.helps)
    return Diagnostic("FC0809", message, Label(span), notes=error.notes, helps=helps)
