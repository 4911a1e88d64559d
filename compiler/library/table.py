"""The library table: every standard function, one row each, from the group modules.

The compiler's analyses, lowering, the documentation and completion all read these rows; there is no second list.
"""

from __future__ import annotations

from types import MappingProxyType

from . import averages, book, flow, logic, maths, momentum, statistics, volatility, volume
from .function import Function

_GROUPS = (averages, momentum, volatility, volume, statistics, logic, maths, book, flow)
_ROWS = tuple(row for group in _GROUPS for row in group.ROWS)

FUNCTIONS: dict[str, Function] = {row.name: row for row in _ROWS}
assert len(FUNCTIONS) == len(_ROWS), "a function is listed twice"

#: Forms that the front end reads itself, with the text that `help` shows.
SPECIAL_FORMS = MappingProxyType(
    {
        "prev": "prev(x, init): the value of x one tick ago, init on the first tick",
        "present": "present(x): true when x has a value",
        "confirm": "confirm(k, c1, c2, ...): at least k of the conditions hold",
        "forming": "forming(1m).close: the bar so far",
        "min": "min(x, n) over a window, min(a, b) of two values",
        "max": "max(x, n) over a window, max(a, b) of two values",
    }
)

#: What other tools call our functions. Only ever a suggestion.
FOREIGN_NAMES = MappingProxyType(
    {
        "crossover": "cross_up",
        "crossunder": "cross_dn",
        "crossed_above": "cross_up",
        "crossed_below": "cross_dn",
        "highest": "max",
        "lowest": "min",
        "highestbars": "argmax",
        "lowestbars": "argmin",
        "stdev": "std",
        "stddev": "std",
        "variance": "var",
        "avg": "mean",
        "average": "mean",
        "rolling_mean": "sma",
        "barssince": "since",
        "percentrank": "percentile_rank",
        "roll": "sum",
        "cum": "sum",
        "bb": "bbands",
        "bollinger": "bbands",
        "stochastic": "stoch",
        "trange": "tr",
        "momentum": "mom",
        "williams_r": "willr",
        "wpr": "willr",
        "directional": "dmi",
        "historical_volatility": "realized_vol",
        "accdist": "ad",
        "money_flow": "mfi",
        "kc": "keltner",
        "correlation": "corr",
        "skewness": "skew",
        "percentile": "quantile",
        "smma": "rma",
        "wilder": "rma",
        "kaufman": "kama",
        "lag": "prev",
        "shift": "prev",
        "delay": "prev",
        "ref": "prev",
        "valuewhen": "prev",
        "ln": "log",
        "power": "pow",
        "limit": "clamp",
        "clip": "clamp",
        "dayofweek": "weekday",
        "returns": "ret",
        "pct_change": "ret",
        "diff": "change",
        "cross": "cross_up",
        "crosses_above": "cross_up",
        "crosses_below": "cross_dn",
    }
)

#: What other tools write as a call and flashc as an operator: only said, never put in.
FOREIGN_IDIOMS = MappingProxyType(
    {
        "nz": "a value or 0 where it is absent is written `x ?? 0`",
        "fillna": "a value or 0 where it is absent is written `x ?? 0`",
        "fixnan": "a value or another where it is absent is written `x ?? y`",
        "na": "whether a value is absent is written `not present(x)`",
        "iff": "a choice is written `if c then a else b`",
    }
)
