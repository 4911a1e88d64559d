"""Every planted fault."""

from __future__ import annotations

from faults.fault import Fault
from faults.in_c import FAULTS as IN_C
from faults.in_client import FAULTS as IN_CLIENT
from faults.in_drivers import FAULTS as IN_DRIVERS
from faults.in_exchange import FAULTS as IN_EXCHANGE
from faults.in_lowering import FAULTS as IN_LOWERING
from faults.in_numba import FAULTS as IN_NUMBA
from faults.in_passes import FAULTS as IN_PASSES
from faults.in_rest import FAULTS as IN_REST

FAULTS: tuple[Fault, ...] = (
    *IN_PASSES,
    *IN_LOWERING,
    *IN_NUMBA,
    *IN_C,
    *IN_DRIVERS,
    *IN_EXCHANGE,
    *IN_REST,
    *IN_CLIENT,
)
