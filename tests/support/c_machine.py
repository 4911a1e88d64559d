"""Programs compiled to C, behind the interface of the reference interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from flashc.compiler.backends.c.printer import print_strategy
from flashc.compiler.backends.c.toolchain import Toolchain, build, find_toolchain
from flashc.compiler.ir.nodes import Program
from flashc.runtime.backtest.strategy_object import load
from support.fir_tapes import HIGH, LOW
from support.kernels import NativeMachine


class CMachine(NativeMachine):
    """A program printed, compiled and loaded here. `extra` are flags for the compiler."""

    def __init__(
        self,
        program: Program,
        folder: Path,
        toolchain: Toolchain | None = None,
        *,
        extra: Sequence[str] = (),
        ticks: tuple[int, int] = (LOW, HIGH),
    ) -> None:
        text = print_strategy(program)
        compiler = toolchain or find_toolchain()
        path = folder / f"{sha256(repr((text, compiler, extra)).encode()).hexdigest()[:16]}.so"
        build(text, path, compiler, extra=extra)
        kernel = load(path)
        super().__init__(program, kernel.addresses, kernel, ticks)
