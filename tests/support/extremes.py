"""Values at which operations are most likely to differ between executors."""

from __future__ import annotations

import math

INTEGERS = (
    0,
    1,
    -1,
    2,
    -2,
    3,
    63,
    64,
    65,
    -64,
    10**9,
    -(10**9) - 7,
    2**53 + 1,
    2**62,
    2**63 - 1,
    -(2**63),
    -(2**63) + 1,
)
REALS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 100.0, -3.75, 709.9, -745.2, 1e-300, 4503599627370495.5),
    *(2.0**53, 2.0**63, -(2.0**63), 9223372036854774784.0, 1e308, -1e308, 5e-324, -5e-324, 2.2250738585072009e-308),
    *(math.inf, -math.inf, math.nan),
)
