"""Arithmetic functions: pointwise, without state."""

from __future__ import annotations

from .function import Function

_G = "maths"

ROWS = (
    Function("abs(x: a) -> a", _G, "Distance from zero.", "x if x >= 0 else -x", interval="abs", grid="keep"),
    Function(
        "sqrt(x: a^2) -> a",
        _G,
        "Square root.",
        "correctly rounded",
        interval="sqrt",
        absent="the argument is negative",
        cost="4",
    ),
    Function("exp(x: real) -> real", _G, "e to the power x.", "at most 1.5 ulp", interval="exp", cost="24"),
    Function(
        "log(x: real) -> real",
        _G,
        "Natural logarithm.",
        "at most 1.5 ulp",
        interval="log",
        absent="the argument is not positive",
        cost="24",
    ),
    Function(
        "tanh(x: real) -> real", _G, "Hyperbolic tangent, -1 to 1.", "at most 1.5 ulp", interval="-1..1", cost="30"
    ),
    Function(
        "sigmoid(x: real) -> real", _G, "1 / (1 + exp(-x)), 0 to 1.", "at most 1.5 ulp", interval="0..1", cost="30"
    ),
    Function(
        "pow(x: real, y: real) -> real",
        _G,
        "x to the power y, for positive x.",
        "exp(y * log(x)), at most 1.5 ulp",
        interval="pow",
        absent="the base is not positive",
        cost="60",
    ),
    Function(
        "clamp(x: a, low: a, high: a) -> a",
        _G,
        "x, but not below low nor above high.",
        "min(max(x, low), high)",
        interval="clamp",
        grid="keep",
        cost="2",
    ),
    Function(
        "lerp(a: a, b: a, t: real) -> a",
        _G,
        "The value the share t of the way from a to b.",
        "a + t * (b - a)",
        cost="3",
    ),
    Function(
        "floor(x: real) -> int", _G, "Greatest whole number not above x.", "floor(x), saturating", interval="floor"
    ),
    Function("ceil(x: real) -> int", _G, "Least whole number not below x.", "ceil(x), saturating", interval="ceil"),
    Function(
        "round(x: real) -> int",
        _G,
        "Nearest whole number, halves to even.",
        "round half to even, saturating",
        interval="round",
    ),
    Function(
        "near(a: a, b: a, tol: a) -> bool",
        _G,
        "a and b differ by at most tol.",
        "abs(a - b) <= tol",
        interval="bool",
        cost="3",
    ),
    Function(
        "same_tick(a: price, b: price) -> bool",
        _G,
        "Two prices round to the same tick.",
        "round(a / tick) == round(b / tick)",
        interval="bool",
        cost="6",
    ),
)
