"""`flashc.load`: a strategy file as a value that can be checked, compiled and run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...dsl.source import Source
from ..front import Front, front_of, read_front
from . import given
from .errors import FlashcError, rendered, told, usage
from .texts import Findings

if TYPE_CHECKING:
    from ...compiler.pipeline import Compiled
    from ..prepared import Prepared
    from .result import Result
    from .tests import Tests

_OPTIONS = ("data", "engine", "from_", "to", "fees", "slippage", "latency", "queue", "fill", "params")


def load(path: str | Path) -> Strategy:
    """Read a strategy file. Mistakes in it are found by `check()`; only a file that cannot be read raises."""
    with told():
        return Strategy(read_front(Path(path)))


def loads(text: str, name: str = "strategy.yaml") -> Strategy:
    """A strategy from its text; `name` stands in messages where the path of a file would."""
    return Strategy(front_of(Source(name, text)))


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled strategy on disk. `manifest` says what it holds; the same strategy gives the same bytes."""

    folder: Path
    ir_hash: str
    manifest: Mapping[str, object]


@dataclass(slots=True)
class Asked:
    """The options of one backtest, as `Strategy.backtest` takes them."""

    engine: str
    from_: Any
    to: Any
    fees: Any
    slippage: int
    market: dict[str, str | None] = field(default_factory=dict)


class Strategy:
    """A strategy file that was read. Made by `flashc.load` and `flashc.loads`."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._made: Compiled | None = None

    @property
    def name(self) -> str:
        """The strategy's name, or the file's where the text is too broken to say."""
        document = self._front.document
        return document.strategy.value if document is not None else self.path

    @property
    def path(self) -> str:
        return self._front.source.path if self._front.source is not None else ""

    @property
    def source(self) -> str:
        """The text of the file."""
        return self._front.source.text if self._front.source is not None else ""

    def check(self) -> Findings:
        """All errors and warnings as values; printing them shows what `flashc check --report` says about the file."""
        found = tuple(self._front.diagnostics)
        return Findings(found, rendered(found, self._front.source))

    @property
    def params(self) -> dict[str, Any]:
        """Parameters and their defaults: numbers and truth values; text where there is a unit, such as '3h'.

        Raises `FlashcError` if the file has errors.
        """
        self._require_clean()
        document = self._front.document
        assert document is not None
        from ..settings import parameter_texts

        return {name: _value(text) for name, text in parameter_texts(document, ()).items()}

    def compile(self, out: str | Path | None = None) -> Artifact:
        """Write the artefact below `out`, or into the cache, as `flashc compile` does. Raises `FlashcError`."""
        from ...runtime.artifact_folder import read_artifact
        from ...runtime.cache_root import cache_root
        from ..building import build_artifact
        from ..locking import require_lock

        with told(self._front.source):
            compiled = self._compiled()
            require_lock(compiled.checked)
            folder = build_artifact(compiled).write(cache_root() if out is None else Path(out))
            return Artifact(folder, compiled.ir_hash, read_artifact(folder).manifest)

    def test(self, keyword: str = "", *, laws: bool = True) -> Tests:
        """Run the tests of the file whose names have `keyword` in them, as `flashc test` does. Raises `FlashcError`."""
        from ..testing.runner import Asked as AskedTests
        from ..testing.runner import run_file
        from .tests import Tests

        self._require_clean()
        with told(self._front.source):
            return Tests(run_file(Path(self.path), self._front, AskedTests(keyword, laws), lambda run: None))

    def backtest(
        self,
        data: Any,
        *,
        engine: str = "auto",
        from_: Any = None,
        to: Any = None,
        fees: Any = None,
        slippage: int = 0,
        latency: Any = None,
        queue: str | None = None,
        fill: Any = None,
        params: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> Result:
        """Run over history, as `flashc backtest` does. Parameters are given by name, or together in `params`.

        `data`: the name of a data set, a path, a polars or pandas DataFrame of bars, a dict of frames by symbol, or a
        list of these. Raises `FlashcError`.
        """
        market = {"--latency": given.option(latency), "--queue": queue, "--fill": given.option(fill)}
        asked = Asked(engine, from_, to, fees, slippage, market)
        return self._run(data, asked, {**(params or {}), **values})

    def _run(self, data: Any, asked: Asked, values: Mapping[str, Any]) -> Result:
        from .. import running
        from ..engines import require_engine
        from ..market_options import options_for
        from ..outcome import evaluate
        from ..settings import rates
        from .frames import sources
        from .result import Result

        begun = time.perf_counter()
        self._require_clean()
        with told():
            require_engine(asked.engine)
            found = sources(data, self._symbols())
        with told(self._front.source, found.labels):
            range_ = given.moment("from_", asked.from_), given.moment("to", asked.to)
            costs_given = rates(given.fees(asked.fees))
            prepared = self._prepared(values, found.names)
            options = options_for(prepared, asked.market, _ticks(asked.slippage))
            names = running.pinned(found.names)
            costs = running.costs_of(prepared, costs_given, asked.slippage)
            account = running.account_of(prepared, costs)
            with running.begin(prepared, asked.engine) as started:
                compile_s = time.perf_counter() - begun
                tape = running.make_tape(prepared, names, *range_, options)
                finished = running.run(prepared, tape, account, asked.engine, options=options, begun=started)
            outcome = evaluate(prepared, finished, costs, costs_given is None, names, compile_s)
            return Result(outcome, names)

    def _prepared(self, values: Mapping[str, Any], data: list[str]) -> Prepared:
        from ..prepared import prepared_of

        document = self._front.document
        assert document is not None
        known = [param.name.value for param in document.params]
        settings = given.settings(self.name, values, known, _OPTIONS)
        return prepared_of(self._front, settings, data, self._compiled())

    def _compiled(self) -> Compiled:
        if self._made is None:
            from ...compiler.pipeline import compile_checked

            self._require_clean()
            assert self._front.checked is not None
            self._made = compile_checked(self._front.checked)
        return self._made

    def _symbols(self) -> dict[str, str]:
        document = self._front.document
        assert document is not None
        return {i.alias.value: i.symbol.value for i in document.instruments}

    def _require_clean(self) -> None:
        found = self.check()
        if found.errors:
            raise FlashcError(rendered(found.errors, self._front.source), "strategy", found.errors)

    def __repr__(self) -> str:
        found = self.check()
        if found.errors:
            count = len(found.errors)
            return f"<Strategy {self.name}: {count} error{'s' * (count > 1)}, see .check()>"
        params = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"<Strategy {self.name}({params})>"

    def _repr_html_(self) -> str:
        errors = self.check().errors
        below = f"<pre>{escape(rendered(errors, self._front.source))}</pre>" if errors else ""
        return f"<div><b>{escape(repr(self)[1:-1])}</b><pre>{escape(self.source)}</pre>{below}</div>"


def _value(text: str) -> Any:
    """A number or truth value as Python has it, else the text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _ticks(slippage: Any) -> int:
    if isinstance(slippage, bool) or not isinstance(slippage, int) or not 0 <= slippage <= 1_000_000:
        raise usage(f"`slippage={slippage!r}` is not a number of ticks", "write a whole number of 0 or more")
    return slippage
