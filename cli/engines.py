"""Which engine runs a strategy, and its kernel. All engines give the same bits; they differ in what they cost.

The C compiler is started as soon as the program is known and works while the data is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..dsl.diagnostics import FlashcError
from .problem import Problem

if TYPE_CHECKING:
    from ..compiler.pipeline import Compiled
    from ..runtime.backtest.kernel_loader import Kernel
    from .native import Object

AUTO, C, NUMBA, REFERENCE = "auto", "c", "numba", "ref"

#: The code of what `auto` gets over.
NO_COMPILER = "FC0909"
ENGINES = (AUTO, C, NUMBA, REFERENCE)

#: What starting a compiled engine costs beside waiting for a kernel, in events of the reference interpreter: loading
#: the compiler's library and the driver (40 ms), and compiling the driver once on a machine (9 s).
WORTH_LOADING, WORTH_BUILDING = 1_000, 20_000

OnCompile = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Situation:
    """What the choice of an engine depends on."""

    events: int
    object_ready: bool  # the C object is in the cache
    kernel_ready: bool  # the Numba kernel is in the cache
    driver_ready: bool  # the compiled driver is in the cache
    compiler: str  # the C compiler's identity, empty without one


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and why it was taken: empty when the user named it."""

    engine: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.engine} engine: {self.why}"


def choose(seen: Situation) -> Choice:
    """The engine that gives the first result soonest and, from a cache, the next ones."""
    short = WORTH_LOADING if seen.driver_ready else WORTH_BUILDING
    if seen.events <= short:
        return Choice(REFERENCE, f"{seen.events:,} events take less than loading a compiled engine")
    if seen.object_ready:
        return Choice(C, "compiled before")
    if seen.kernel_ready:
        return Choice(NUMBA, "compiled before")
    if seen.compiler:
        return Choice(C, f"new, compiled with {seen.compiler}")
    return Choice(NUMBA, "new, and there is no C compiler")


def require_engine(name: str) -> None:
    """Raises `Problem` (FC1105)."""
    if name not in ENGINES:
        raise Problem(f"there is no engine `{name}`", helps=(f"there are: {', '.join(ENGINES)}",), code="FC1105")


class Begun:
    """The engine of one program as far as it is known before the data is: the C compiler may be at work."""

    def __init__(self, compiled: Compiled, folder: Path, asked: str) -> None:
        """`folder` is the artefact's. Raises `FlashcError` (FC0909) where C was asked for and cannot be compiled."""
        self._compiled, self._asked = compiled, asked
        self._kernel_path = folder / f"{_kernel_name(compiled)}.py"
        self._choice: Choice | None = None
        self._object = self._begin_object() if asked in (AUTO, C) else None

    def __enter__(self) -> Begun:
        return self

    def __exit__(self, *_: object) -> None:
        self._give_up()

    def _give_up(self) -> None:
        """The C compiler's work is not needed, or nobody will ask for it."""
        if self._object is not None:
            self._object.stop()

    def _begin_object(self) -> Object | None:
        from .native import Object

        try:
            return Object(self._compiled)
        except FlashcError:
            if self._asked == C:
                raise
            return None  # without a compiler `auto` has the other engines

    def choose(self, events: int, market: bool) -> Choice:
        """The engine for a tape of so many events, the same one when asked again."""
        if self._choice is None:
            self._choice = Choice(self._asked) if self._asked != AUTO else choose(self._situation(events, market))
            if self._choice.engine != C:
                self._give_up()
        return self._choice

    def _situation(self, events: int, market: bool) -> Situation:
        from ..runtime.backtest import driver, kernel_loader
        from ..runtime.backtest.market import driver as market_driver

        own = self._object
        ready = own is not None and own.ready
        return Situation(
            events,
            object_ready=ready,
            kernel_ready=not ready and kernel_loader.is_stored(self._kernel_path),
            driver_ready=events <= WORTH_LOADING or (market_driver if market else driver).is_stored(),
            compiler="" if own is None else own.toolchain.identity,
        )

    def kernel(self, choice: Choice, on_compile: OnCompile | None = None) -> Kernel:
        """The compiled kernel of the engine that was chosen; `on_compile` is called before a wait of seconds.

        Where `auto` took C and the compiler turns out to be useless, it takes Numba; `choose` tells.
        """
        if choice.engine == C:
            assert self._object is not None, "the object was begun"
            try:
                return self._object.kernel()
            except FlashcError as error:
                if self._asked != AUTO or error.diagnostics[0].code != NO_COMPILER:
                    raise
                self._choice = Choice(NUMBA, "new, and the C compiler compiles nothing")
        from ..runtime.backtest import kernel_loader

        return kernel_loader.load(self._kernel_path, on_compile)


def compiled_kernel(
    compiled: Compiled, folder: Path, engine: str = AUTO, on_compile: OnCompile | None = None
) -> Kernel:
    """A kernel for work that the reference cannot do: of the engine, or with `auto` of the one at hand soonest."""
    with Begun(compiled, folder, engine) as begun:
        return begun.kernel(begun.choose(WORTH_BUILDING + 1, market=False), on_compile)


def _kernel_name(compiled: Compiled) -> str:
    from ..cython_core.kernel_stamp import kernel_name

    return kernel_name(compiled.kernel)
