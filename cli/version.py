"""`flashc version`: what decides results."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from .. import __version__
from . import console
from .command import Json, example, make_app

app = make_app()

_LIBRARIES = ("numba", "llvmlite", "numpy", "polars", "lark", "pydantic")


@app.command(epilog=example("flashc version --json"))
def version(json: Json = False) -> None:
    """Print the versions that decide results: flashc, Python, and the libraries that compile and read data."""
    facts = {"flashc": __version__, "python": platform.python_version(), "machine": platform.machine()}
    facts.update({name: _version(name) for name in _LIBRARIES})
    if json:
        console.out_json(facts)
    else:
        pad = max(map(len, facts))
        console.out("\n".join(f"{name:<{pad}}  {value}" for name, value in facts.items()))


def _version(name: str) -> str:
    try:
        return installed(name)
    except PackageNotFoundError:
        return "not installed"
