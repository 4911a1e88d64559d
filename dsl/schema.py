"""The keys of a strategy file: which exist, what each holds, and one sentence about it.

The model states shape only. Every scalar is text here; what the text means is decided by the field that reads it, never
by YAML's implicit types. `shape.py` turns pydantic's errors into diagnostics; `json_schema` gives editors the same
keys.
"""

# No `from __future__ import annotations` here: pydantic would compile and evaluate every annotation's text again.

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, GetCoreSchemaHandler, Tag, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

EDITION = 1
DEFAULT_VENUE = "mexc.spot"
DEFAULT_SETTLE = "1e-6"
DEFAULT_LATENESS_MS = 250
STYLES = ("post_only", "limit", "ioc", "fok", "market")
PARAM_TYPES = ("int", "real", "ratio", "bool", "duration", "price", "qty", "notional")

# Keys of the language that this release does not compile yet: FC0907 instead of "unknown key".
LATER_KEYS: dict[str, frozenset[str]] = {
    "StrategyFile": frozenset({"models", "external", "inventory"}),
    "PositionBlock": frozenset({"then"}),
}

# --- kinds of scalars ---------------------------------------------------------------------------------------------


class _Matching:
    """Accept text that matches `pattern`; else an error whose message is `what` the key takes.

    It makes its core schema itself: pydantic's `AfterValidator` reads the function's signature at every use.
    """

    def __init__(self, pattern: str, what: str) -> None:
        self._pattern = pattern
        self._what = what

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: str) -> str:
        if re.fullmatch(self._pattern, value.strip()) is None:
            raise PydanticCustomError("wrong_text", "{what}", {"what": self._what})
        return value


_NAME = r"[A-Za-z][A-Za-z0-9_]*"
_SYMBOL = r"[A-Z0-9]+/[A-Z0-9]+"
_DURATION = r"[0-9][0-9_]*(\.[0-9]+)?\s*[a-z]+"

Name = Annotated[
    str,
    _Matching(_NAME, "a name: a letter, then letters, digits and `_`"),
    WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"}),
]
DottedName = Annotated[
    str,
    _Matching(rf"{_NAME}(\.{_NAME})*", "a name such as `mexc.spot`"),
    WithJsonSchema({"type": "string", "pattern": rf"^{_NAME}(\.{_NAME})*$"}),
]
Symbol = Annotated[
    str,
    _Matching(_SYMBOL, "an instrument such as `BTC/USDC`, in capitals"),
    WithJsonSchema({"type": "string", "pattern": f"^{_SYMBOL}$"}),
]
Traded = Annotated[
    str,
    _Matching(rf"{_SYMBOL}|{_NAME}", "an instrument such as `BTC/USDC` or an alias of `instruments`"),
    WithJsonSchema({"type": "string"}),
]
ClockText = Annotated[
    str,
    _Matching(rf"{_DURATION}|{_NAME}(\.{_NAME})?", "a clock: a duration such as `1m`, or `book`, or `trade`"),
    WithJsonSchema({"type": "string"}),
]
TypeText = Annotated[
    str,
    _Matching(rf"{_NAME}(<{_NAME}>)?", "a type such as `ratio` or `qty<i>`"),
    WithJsonSchema({"type": "string"}),
]
Settle = Annotated[
    str,
    _Matching(r"bits|[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", "a tolerance such as `1e-6`, or `bits`"),
    WithJsonSchema({"type": ["number", "string"]}),
]
Range = Annotated[str, _Matching(r"(?s).+\.\..+", "a range such as `4..30`"), WithJsonSchema({"type": "string"})]
Count = Annotated[
    str,
    _Matching(r"[0-9][0-9_]{0,17}", "a whole number from 0 to 10^18"),
    WithJsonSchema({"type": "integer", "minimum": 0}),
]
Edition = Annotated[str, _Matching(r"[0-9]{1,9}", "a whole number"), WithJsonSchema({"const": EDITION})]
Flag = Annotated[str, _Matching("true|false", "`true` or `false`"), WithJsonSchema({"type": "boolean"})]
Text = Annotated[str, WithJsonSchema({"type": "string"})]
Expression = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
AfterStreak = Annotated[
    str,
    _Matching(rf"halt|pause\s+({_DURATION}|{_NAME})", "`halt`, or `pause` and a time such as `pause 30m`"),
    WithJsonSchema({"type": "string", "pattern": rf"^(halt|pause\s+({_DURATION}|{_NAME}))$"}),
]
Sha = Annotated[
    str,
    _Matching(r"[0-9a-f]{8,64}", "the hexadecimal digits of a hash, at least eight"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{8,64}$"}),
]
TestName = Annotated[
    str, _Matching(r"[A-Za-z][A-Za-z0-9_.]*", "a name of the file, or `t`"), WithJsonSchema({"type": "string"})
]

_Halt = Literal["block_entries", "halt", "flatten_and_halt"]


def _shape(value: object) -> str | None:
    for kind, tag in ((str, "<text>"), (dict, "<block>"), (list, "<list>")):
        if isinstance(value, kind):
            return tag
    return None


def _one_of(what: str) -> Discriminator:
    """Choose by shape (text, block, list); `what` says what the key takes when none fits."""
    return Discriminator(_shape, custom_error_type="wrong_shape", custom_error_message=what)


class Block(BaseModel):
    """A closed mapping. Validators are built once, for the whole file, and not class by class."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


# --- blocks -------------------------------------------------------------------------------------------------------


class DecideBlock(Block):
    """When rules are evaluated."""

    clock: ClockText = Field(description="The decision clock: `1m` (each closed bar), `book`, `trade` or a timer.")
    min_gap: Expression | None = Field(None, description="At most one decision in this time, such as `20ms`.")


class WarmupBlock(Block):
    """How long indicators with infinite memory must run before they count as warm."""

    settle: Settle = Field(DEFAULT_SETTLE, description="Weight of forgotten history: `1e-6`, or `bits` for none.")


class ParamBlock(Block):
    """A parameter: a number that can be changed without compiling again."""

    type: Literal["int", "real", "ratio", "bool", "duration", "price", "qty", "notional"] | None = Field(
        None, description="The parameter's type; left out, it is taken from the default."
    )
    default: Expression = Field(description="The value used unless another is given: `9`, `1.5 bps`, `4m`.")
    in_: Range | None = Field(None, alias="in", description="Least and greatest allowed value: `4..30`.")
    sweep: Flag | None = Field(None, description="`true`: parameter searches vary it inside its range.")
    only_if: Expression | None = Field(None, description="Ignored, and not swept, where this is false.")


class FunctionBlock(Block):
    """A function of your own. It is inlined where it is called."""

    args: dict[Name, TypeText] = Field(description="Argument names and their types: `{b: qty<i>}`.")
    returns: TypeText | None = Field(None, description="The type of the result.")
    is_: Expression = Field(alias="is", description="The expression the function stands for.")


Clauses = Annotated[
    Annotated[Expression, Tag("<text>")]
    | Annotated[dict[Name, Expression], Field(min_length=1), Tag("<block>")]
    | Annotated[list[Expression], Field(min_length=1), Tag("<list>")],
    _one_of("an expression, a list of clauses, or `name: expression` lines"),
]


class ScoredBlock(Block):
    """One clause of a score."""

    when: Expression = Field(description="The condition.")
    weight: Expression = Field(description="What is added to the score when it holds, such as `1.5`.")


class EntryBlock(Block):
    """A rule that opens a position: when all its clauses hold, or when its score is reached."""

    when: Clauses | None = Field(None, description="Clauses that must all hold; names appear in explanations.")
    score: Annotated[dict[Name, ScoredBlock], Field(min_length=1)] | None = Field(
        None, description="Clauses with weights, instead of `when`: the weights of those that hold are summed up."
    )
    at_least: Expression | None = Field(None, description="The score that is needed, such as `3.5`.")
    require: Clauses | None = Field(None, description="Clauses that must hold whatever the score.")
    side: Literal["long", "short"] | None = Field(None, description="Direction; `short` only if the rule is so named.")
    cooldown: Expression | None = Field(None, description="No second entry by this rule within this time.")
    size: Expression | None = Field(
        None, description="Order size: `60 USDC`, `0.001 BTC`, `25 pct` of the stake, or an expression."
    )
    add: Flag | None = Field(None, description="`true`: also evaluated while a position is open, to add to it.")
    at_most: Count | None = Field(None, description="How often this entry may add to one position.")
    execute: Name | None = Field(None, description="The execution policy that turns the intent into orders.")
    below_min: Literal["skip", "round_up"] | None = Field(
        None, description="What to do when the size is below the venue's minimum."
    )


class ExitBlock(Block):
    """A rule that closes the position. Exits are tried in file order; the first that holds wins."""

    when: Clauses = Field(description="Clauses that must all hold; names appear in explanations.")
    fraction: Expression | None = Field(None, description="The share of the position that is closed: `0.5`, `50 pct`.")
    once: Flag | None = Field(None, description="`true`: this exit fires at most once in a position.")
    execute: Name | None = Field(None, description="The execution policy that turns the intent into orders.")
    below_min: Literal["skip", "round_up"] | None = Field(
        None, description="What to do when the size is below the venue's minimum."
    )


class RequoteBlock(Block):
    """Move a resting order when the market has left it behind."""

    when: Expression = Field(description="Replace the order when this holds.")
    at_most: Count = Field(description="How often one intent may be requoted.")


class ExecutionBlock(Block):
    """How an intent becomes orders."""

    style: Literal["post_only", "limit", "ioc", "fok", "market"] = Field(description="The order style.")
    price: Expression | None = Field(None, description="The order's price, such as `near_side` or `bid - 2 ticks`.")
    ttl: Expression | None = Field(None, description="Cancel what is left after this time.")
    requote: RequoteBlock | None = Field(None, description="Move a resting order when the market has left it behind.")
    then: Name | None = Field(None, description="The policy that takes what is left.")
    retries: Count | None = Field(None, description="How often to try again.")


class PositionBlock(Block):
    """The largest position."""

    max: Expression = Field(description="Largest value of the position, such as `400 USDC`.")
    shared: Flag | None = Field(None, description="`true`: one limit for all instruments together.")


class NotionalBlock(Block):
    """The largest order."""

    max: Expression = Field(description="Largest notional of one entry's order, such as `120 USDC`.")


class DayLossBlock(Block):
    """Stop after a bad day."""

    limit: Expression = Field(description="Loss since midnight UTC, such as `25 USDC`.")
    then: _Halt = Field("flatten_and_halt", description="What happens at the limit.")


class DrawdownBlock(Block):
    """Stop when the account has fallen too far from its highest value."""

    limit: Expression = Field(description="Greatest fall of equity from its peak, such as `6 pct`.")
    then: _Halt = Field("flatten_and_halt", description="What happens at the limit.")


class ProfitLockBlock(Block):
    """Keep a share of a good day."""

    start: Expression = Field(description="The day's profit from which on it is guarded, such as `40 USDC`.")
    keep: Expression = Field(description="The share of the day's highest profit that is kept, such as `60 pct`.")
    then: _Halt = Field("flatten_and_halt", description="What happens when the profit falls to that share.")


class LosingStreakBlock(Block):
    """Stop after several losing trades in a row."""

    max: Count = Field(description="Number of losing trades.")
    then: AfterStreak = Field(
        "halt", description="`halt` until the next day, or `pause 30m`: no entries for this time."
    )


class OrderRateBlock(Block):
    """The greatest number of orders in a time."""

    max: Count = Field(description="Number of orders.")
    per: Expression = Field(description="In this time, such as `1s`.")


class BandBlock(Block):
    """Refuse order prices far from a reference price."""

    max: Expression = Field(description="Greatest distance, such as `25 bps`.")
    from_: Name = Field("mid", alias="from", description="The reference price.")


class StaleBlock(Block):
    """Stop entering when an input falls silent: `book: 400ms`, `eth.book: 1s`."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, defer_build=True)
    __pydantic_extra__: dict[str, Expression] = Field(init=False)
    then: Literal["block_entries"] = Field("block_entries", description="What happens while an input is stale.")


class RiskBlock(Block):
    """Limits that see every intent last. They may only shrink or block."""

    position: PositionBlock | None = Field(None, description="The largest position.")
    notional: NotionalBlock | None = Field(None, description="The largest order of an entry.")
    day_loss: DayLossBlock | None = Field(None, description="Stop after a bad day.")
    drawdown: DrawdownBlock | None = Field(None, description="Stop when the account has fallen too far.")
    profit_lock: ProfitLockBlock | None = Field(None, description="Keep a share of a good day.")
    losing_streak: LosingStreakBlock | None = Field(None, description="Stop after several losing trades in a row.")
    max_open: Count | None = Field(None, description="The greatest number of instruments with a position.")
    order_rate: OrderRateBlock | None = Field(None, description="The greatest number of orders in a time.")
    band: BandBlock | None = Field(None, description="Refuse order prices far from a reference price.")
    stale: StaleBlock | None = Field(None, description="Stop entering when an input falls silent.")
    invariants: dict[Name, Expression] | None = Field(None, description="Conditions every intent must keep.")


class CapitalBlock(Block):
    """The money of the strategy, and how much of it is put to work."""

    start: Expression | None = Field(None, description="Money at the start, such as `10_000 USDC`.")
    allocate: dict[Name, Expression] | None = Field(
        None, description="The share of each traded instrument: `{btc: 60 pct, eth: 40 pct}`."
    )
    compound: Expression | None = Field(None, description="The share of profit that is put to work again; default 1.")
    reserve: Expression | None = Field(None, description="Money that is never put to work, such as `1_000 USDC`.")
    reinvest_after: Expression | None = Field(None, description="Profit that is kept aside before any is put to work.")


class ExpectBlock(Block):
    """One assertion of a test."""

    at: Expression | None = Field(None, description="The time that `holds` speaks about: `1s` after the start.")
    holds: Expression | None = Field(None, description="True at the decision of that time.")
    always: Expression | None = Field(None, description="True at every decision.")
    never: Expression | None = Field(None, description="True at no decision.")
    eventually: Expression | None = Field(None, description="True at some decision, `within` a time if there is one.")
    within: Expression | None = Field(None, description="The time for `eventually`, counted from the start.")
    count: Expression | None = Field(None, description="At how many decisions this is true lies `in` a range.")
    in_: Range | None = Field(None, alias="in", description="The range for `count`: `3..40`.")


class GenerateBlock(Block):
    """Data that a seed makes: the same seed gives the same data, everywhere."""

    kind: Literal["walk", "trend", "range", "mixed", "jumps", "gaps", "still", "empty_book", "crossed_book"] = Field(
        description="What the market does."
    )
    seed: Count = Field("1", description="Another seed gives another course of the same kind.")
    length: Expression | None = Field(None, description="How long: `2d` of bars, `1m` of a book.")
    from_: Text | None = Field(None, alias="from", description="The time of the first event, such as `2024-03-01`.")
    price: Expression | None = Field(None, description="The price at the start: `64_000 USDC/BTC`.")
    volatility: Expression | None = Field(None, description="The size of one bar's noise: `8 bps`.")


class IntentBlock(Block):
    """One order that the strategy wants."""

    t: Text = Field(description="When: `1s` after the start, or a UTC time on a tape.")
    side: Literal["buy", "sell"] = Field(description="Which way.")
    style: Literal["post_only", "limit", "ioc", "fok", "market"] = Field(description="The order style.")
    qty: Expression = Field(description="How much: `0.002 BTC`.")
    price: Expression | None = Field(None, description="The order's price; a market order has none.")
    rule: Text | None = Field(None, description="The rule that wants it: `exits.stop`.")


class TestBlock(Block):
    """A test of the strategy: rows of values, a recorded tape, or data that a seed makes."""

    __test__ = False
    doc: Text | None = Field(None, description="What the test shows, for people.")
    instrument: Name | None = Field(None, description="Of several traded instruments, the one that the test is about.")
    start: dict[TestName, Expression] | None = Field(
        None, description="The open position at the start: `{qty: 0.002 BTC, entry: 64_000 USDC/BTC, age: 5m}`."
    )
    rows: list[dict[TestName, Expression]] | None = Field(
        None, description="Values per step; `t` is the time. What a row does not name stays as it was."
    )
    fills: Literal["full", "none"] = Field("full", description="In rows: orders fill at once, or never.")
    tape: Text | None = Field(None, description="Recorded data: a data set or a file.")
    sha256: Sha | None = Field(None, description="The data's hash, as `flashc data verify` prints it.")
    generate: GenerateBlock | None = Field(None, description="Data that a seed makes.")
    from_: Text | None = Field(None, alias="from", description="First time of the tape, as of `backtest --from`.")
    to: Text | None = Field(None, description="End of the tape, as of `backtest --to`.")
    fees: Text | None = Field(None, description="As of `backtest --fees`.")
    slippage: Count | None = Field(None, description="As of `backtest --slippage`.")
    latency: Text | None = Field(None, description="As of `backtest --latency`.")
    queue: Text | None = Field(None, description="As of `backtest --queue`.")
    fill: Text | None = Field(None, description="As of `backtest --fill`.")
    params: dict[Name, Expression] | None = Field(None, description="Parameter values for this test.")
    expect: list[ExpectBlock] | None = Field(None, description="What must be true.")
    intents: list[IntentBlock] | None = Field(
        None, description="Exactly the orders that the strategy wants; `flashc test --update` writes them."
    )


class StrategyFile(Block):
    """A flashc strategy."""

    flash: Edition = Field(description="Language edition. This release reads edition 1.")
    strategy: Name = Field(description="The strategy's name.")
    doc: Text | None = Field(None, description="What the strategy does, for people.")
    venue: DottedName = Field(DEFAULT_VENUE, description="The exchange profile: tick, lot, fees, order styles.")
    instruments: dict[Name, Symbol] | None = Field(None, description="Aliases: `btc: BTC/USDC`.")
    trade: Annotated[
        Annotated[Traded, Tag("<text>")] | Annotated[list[Traded], Field(min_length=1), Tag("<list>")],
        _one_of("an instrument such as `BTC/USDC`, an alias, or a list of them"),
    ] = Field(description="What is traded: `BTC/USDC`, an alias of `instruments`, or a list.")
    decide: Annotated[
        Annotated[ClockText, Tag("<text>")] | Annotated[DecideBlock, Tag("<block>")],
        _one_of("a clock such as `1m`, or a mapping with `clock`"),
    ] = Field(description="When rules are evaluated: `1m`, `book`, `trade`, `250ms`.")
    warmup: WarmupBlock | None = Field(None, description="When indicators count as warm.")
    lateness: Expression | None = Field(
        None, description="How long after its end a bar waits for late trades, by the receive clock: `250ms`."
    )
    capital: CapitalBlock | None = Field(None, description="The money, and how much of it is put to work.")
    use: list[DottedName] | None = Field(None, description="Modules to import, such as `std.flow`.")
    params: (
        dict[
            Name,
            Annotated[
                Annotated[Expression, Tag("<text>")] | Annotated[ParamBlock, Tag("<block>")],
                _one_of("a value such as `12`, or a mapping with `default`"),
            ],
        ]
        | None
    ) = Field(None, description="Numbers that can be changed without compiling again.")
    constraints: dict[Name, Expression] | None = Field(None, description="Conditions every set of parameters keeps.")
    fn: dict[Name, FunctionBlock] | None = Field(None, description="Functions of your own.")
    let: dict[Name, Expression] | None = Field(None, description="Named values. Their order does not matter.")
    labels: dict[Name, Expression] | None = Field(None, description="Targets for training; rules cannot read them.")
    entries: dict[
        Name,
        Annotated[
            Annotated[Expression, Tag("<text>")]
            | Annotated[EntryBlock, Tag("<block>")]
            | Annotated[list[Expression], Field(min_length=1), Tag("<list>")],
            _one_of("an expression, a list of clauses, or a mapping with `when`"),
        ],
    ] = Field(min_length=1, description="Rules that open a position.")
    exits: (
        dict[
            Name,
            Annotated[
                Annotated[Expression, Tag("<text>")]
                | Annotated[ExitBlock, Tag("<block>")]
                | Annotated[list[Expression], Field(min_length=1), Tag("<list>")],
                _one_of("an expression, a list of clauses, or a mapping with `when`"),
            ],
        ]
        | None
    ) = Field(None, description="Rules that close it, tried in order.")
    size: Expression | None = Field(None, description="Order size of every entry that has none of its own.")
    execution: dict[Name, ExecutionBlock] | None = Field(None, description="Ways to turn an intent into orders.")
    risk: RiskBlock | None = Field(None, description="Limits that see every intent last.")
    tests: dict[Name, TestBlock] | None = Field(None, description="Tests of this strategy.")


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a strategy file, for editors. Objects are closed; there is no `oneOf`."""
    schema = StrategyFile.model_json_schema(by_alias=True)
    tidy: Callable[[Any], Any] = _tidy
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **tidy(schema)}


def _tidy(node: Any) -> Any:
    """Drop pydantic's titles and nulls; a choice by shape is `anyOf`."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _tidy(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if found.get("default", 0) is None:
        del found["default"]
    choices = [c for c in found.pop("oneOf", []) + found.pop("anyOf", []) if c != {"type": "null"}]
    if len(choices) == 1:
        found = {**choices[0], **found}
    elif choices:
        found["anyOf"] = choices
    return found
