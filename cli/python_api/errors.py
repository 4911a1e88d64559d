"""What goes wrong, as one exception whose text is what the command would print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...dsl.diagnostics import FlashcError as Refused
from ...runtime.errors import RuntimeFault
from ..problem import Problem

if TYPE_CHECKING:
    from ...dsl.diagnostics import Diagnostic
    from ...dsl.source import Source

#: Options of the command line that `backtest` takes as arguments.
_OPTION = re.compile(r"`--(from_|to|engine|fees|slippage|latency|queue|fill)([ `])")


class FlashcError(Exception):
    """Something that the caller can mend. `str()` is the rendered message, with places and ways to go on.

    `diagnostics` are the findings as values (empty for plain wrong use); `kind` is `strategy`, `data`, `usage` or
    `environment`.
    """

    def __init__(self, text: str, kind: str = "usage", diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(text)
        self.kind = kind
        self.diagnostics = diagnostics

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings."""
        return tuple(found.code for found in self.diagnostics)

    def _render_traceback_(self) -> list[str]:
        """Notebooks show the message alone."""
        return str(self).splitlines()


FlashcError.__module__ = "flashc"


def usage(message: str, *helps: str, code: str = "") -> FlashcError:
    """Wrong use of the API, to be raised."""
    return FlashcError(Problem(message, helps=helps, code=code).text())


@contextmanager
def told(source: Source | None = None, labels: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turns what the parts raise into a `FlashcError`. `labels` are names for files that the caller has never seen."""
    try:
        yield
    except Refused as error:
        raise FlashcError(rendered(error.diagnostics, source), "strategy", error.diagnostics) from None
    except RuntimeFault as error:
        raise _of_data(error, labels or {}) from None
    except Problem as error:
        raise FlashcError(_in_python(error.text()), error.kind) from None
    except OSError as error:
        place = f"\n --> {error.filename}" if error.filename else ""
        raise FlashcError(f"error: {error.strerror or error}{place}", "environment") from None


def rendered(diagnostics: tuple[Diagnostic, ...], source: Source | None) -> str:
    """The findings as `flashc check` prints them."""
    from ...dsl.render.text import render

    return render(diagnostics, {source.path: source} if source is not None else {}).rstrip("\n")


def _of_data(error: RuntimeFault, labels: Mapping[str, str]) -> FlashcError:
    from ..faults import diagnostic_of

    found = tuple(diagnostic_of(fault) for fault in error.faults)
    text = rendered(found, None)
    for path, label in labels.items():
        text = text.replace(path, label)
    kinds = [f.is_environment for f in error.faults], [f.is_usage for f in error.faults]
    kind = "environment" if any(kinds[0]) else "usage" if all(kinds[1]) else "data"
    return FlashcError(_in_python(text), kind, found)


def _in_python(text: str) -> str:
    """Advice about options as advice about arguments: `--fees 5bps` is `fees=5bps`."""
    text = text.replace("`--set ", "`").replace("`--from", "`--from_")
    return _OPTION.sub(lambda found: f"`{found[1]}{'=' if found[2] == ' ' else found[2]}", text)
