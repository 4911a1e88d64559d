"""`flashc sim`: a local exchange, its faults, and its own truth."""

from __future__ import annotations

from .command import example, make_app
from .sim_control import fault, faults, heal, ledger, status, switch
from .sim_exchange import exchange
from .sim_options import EPILOGS

app = make_app()


@app.callback(epilog=example("flashc sim exchange", "flashc sim fault depth-gap --for 5s"))
def sim() -> None:
    """Run a local exchange that speaks as MEXC does, and let things go wrong on it."""


for _command in (exchange, fault, heal, faults, ledger, status, switch):
    app.command(_command.__name__, epilog=EPILOGS[_command.__name__])(_command)
