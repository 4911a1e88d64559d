"""flashc: a compiler for trading strategies.

    strategy = flashc.load("ema_cross.yaml")
    result = strategy.backtest("btc_1m", fast=15)

The names below are loaded when they are first used: `import flashc` itself takes no time.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cli.python_api.errors import FlashcError
    from .cli.python_api.history import data
    from .cli.python_api.result import Result
    from .cli.python_api.strategy import Artifact, Strategy, load, loads

__version__ = "0.1.0"
__all__ = ["Artifact", "FlashcError", "Result", "Strategy", "__version__", "data", "load", "loads"]

_PLACES = {"Artifact": "strategy", "FlashcError": "errors", "Result": "result", "data": "history"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'flashc' has no attribute '{name}'")
    from importlib import import_module

    found = getattr(import_module(f".cli.python_api.{_PLACES.get(name, 'strategy')}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
