"""The laws, on the data of a test: about the strategy as it is compiled and traded, without the test's probes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ...dsl.diagnostics import Diagnostic, FlashcError, Label
from ...dsl.source import Span
from ..front import Front
from .programs import parameter_words

if TYPE_CHECKING:
    from ...compiler.frontend.assertions import CheckedTest
    from ...runtime.backtest.result import Account
    from ..laws import LawResult
    from ..market_options import MarketOptions
    from ..prepared import Prepared


def engines() -> tuple[str, ...]:
    """All engines that can run here: the reference says what is right; C needs a compiler."""
    from ...compiler.backends.c.toolchain import find_toolchain

    try:
        find_toolchain()
    except FlashcError:
        return ("ref", "numba")
    return ("ref", "c", "numba")


class Laws:
    """Tries the laws on one strategy; it is compiled when it is first needed."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self._prepared: Prepared | None = None

    def tried(
        self,
        test: CheckedTest,
        data: Sequence[str],
        span: Sequence[int | None],
        account: Account,
        options: MarketOptions | None,
    ) -> tuple[list[Diagnostic], tuple[str, ...]]:
        """What is broken on the test's data, and the names of the laws that hold."""
        from .. import running
        from ..laws import run_laws
        from ..prepared import prepared_of

        if self._prepared is None:
            self._prepared = prepared_of(self.front, [])
        program = self._prepared.compiled.program
        values = parameter_words(program, test.params)
        params = {param.label: value for param, value in zip(program.params, values, strict=True)}
        prepared = replace(self._prepared, params=params)
        tape = running.make_tape(prepared, data, span[0], span[1], options)
        results = run_laws(prepared, tape, account, options, engines())
        place = test.decl.name.span
        broken = [_broken(law, place) for law in results if not law.held]
        return broken, tuple(law.name for law in results if law.held and law.compared)


def _broken(law: LawResult, place: Span) -> Diagnostic:
    facts = MappingProxyType({"law": law.name})
    return Diagnostic("FC0806", law.message, Label(place, "on the data of this test"), notes=(law.where,), facts=facts)
