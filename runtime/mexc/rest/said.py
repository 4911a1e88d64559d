"""What a failed request means for a user: a fault with a code, and how to go on."""

from __future__ import annotations

from ...errors import RuntimeFault, fault
from .errors import AuthFault, ClockFault, Definitive, MexcError, NotSent, RateLimited


def as_fault(error: MexcError, where: str) -> RuntimeFault:
    """The fault of a request that only read. `where` is the exchange's address."""
    message = str(error)[:200].rstrip(".")
    if isinstance(error, AuthFault):
        helps = ("look at the key on the exchange's page: is it there, not run out, and open to this address?",)
        return fault("FC1207", message, where, helps=helps)
    if isinstance(error, ClockFault):
        return fault("FC1209", message, where, helps=("try again when the line is better",))
    if isinstance(error, Definitive) and not error.code:
        helps = ("is this the exchange's REST address?",)
        return fault("FC1032", f"the answer is not the exchange's: HTTP {error.http}", where, helps=helps)
    if isinstance(error, Definitive | RateLimited):
        return fault("FC1033", message, where)
    if isinstance(error, NotSent) and "CERTIFICATE" in message:
        helps = ("a local exchange has a certificate of its own: `--certificate` names its file",)
        return fault("FC1031", message, where, helps=helps)
    if isinstance(error, NotSent):
        plain = "WRONG_VERSION_NUMBER" in message
        helps = ("this port speaks no TLS: `http://`?" if plain else "is the exchange there, and the network?",)
        return fault("FC1030", message, where, helps=helps)
    plain = where.startswith("http://")
    helps = ("does this port speak TLS? then it is `https://`" if plain else "try again",)
    return fault("FC1032", message, where, helps=helps)
