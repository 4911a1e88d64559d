"""What ended a fetch or a recording, as one fault: who did not answer as it should, and how to go on."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import RuntimeFault, fault
from ...mexc.rest.errors import BadAnswer, Definitive, MexcError, NotSent, RateLimited, UnknownOutcome
from ..moments import span_text

_CERTIFICATE = ("certificate", "ssl", "tls")


@dataclass(frozen=True, slots=True)
class Words:
    """What a command says besides the cause: the options that name the exchange, and what a second run finds."""

    options: str
    resume: str | None = None


FETCHING = Words("`--url`", "what was fetched so far is stored; the same command goes on from there")
#: Of commands that follow the streams: they ask for instruments and the time before anything is kept.
FOLLOWING = Words("`--url` and `--rest`")


def failure(error: MexcError, url: str, words: Words) -> RuntimeFault:
    """FC1030 to FC1033."""
    if isinstance(error, RateLimited):
        what = "has banned this address" if error.banned else "had too many requests from this address"
        resume = f": {words.resume}" if words.resume else ""
        wait = f"it asks to wait {span_text(max(error.retry_after_ns, 10**9))}"
        return fault("FC1033", f"the exchange {what}", url, notes=(wait,), helps=(f"wait, then run again{resume}",))
    if isinstance(error, Definitive) and not error.code:
        return not_the_exchange(f"HTTP {error.http}", error.http, url, words)
    if isinstance(error, Definitive):
        note = f"HTTP {error.http}, code {error.code}: {error.text}"
        return fault("FC1033", "the exchange refused the request", url, notes=(note,))
    if isinstance(error, BadAnswer) or (isinstance(error, UnknownOutcome) and error.http in (401, 403)):
        return not_the_exchange(error.why, error.http, url, words)
    why = error.why if isinstance(error, NotSent | UnknownOutcome) else str(error)
    if any(word in why.lower() for word in _CERTIFICATE):
        ways = PLAIN_HELPS if "WRONG_VERSION_NUMBER" in why else TLS_HELPS
        return fault("FC1031", "the server could not prove who it is", url, notes=(why,), helps=ways)
    helps = (f"check {words.options}, and the network", words.resume)
    return fault("FC1030", "the exchange cannot be reached", url, notes=(why,), helps=tuple(filter(None, helps)))


def pause_text(error: MexcError) -> str:
    """Why a request is put off, in words for who waits."""
    if isinstance(error, RateLimited):
        return "the exchange has banned this address" if error.banned else "the exchange had too many requests"
    if isinstance(error, UnknownOutcome) and error.http == 403:
        return "the exchange or a firewall refuses this address (HTTP 403)"
    if isinstance(error, UnknownOutcome) and error.http >= 500:
        return f"the exchange has a fault of its own (HTTP {error.http})"
    if isinstance(error, BadAnswer):
        return f"an answer that cannot be read ({error.why})"
    return error.why if isinstance(error, NotSent | UnknownOutcome) else str(error)


PLAIN_HELPS = ("this port speaks no TLS: `--url` with http:// or ws://?",)
TLS_HELPS = (
    "for the local exchange, `--certificate FILE` names its own certificate",
    "never switch the check off: whoever sits between could send any prices",
)


def not_the_exchange(why: str, http: int, url: str, words: Words) -> RuntimeFault:
    """FC1032: something answered, a firewall or another server."""
    helps = (f"check {words.options}: a REST address is a scheme, a host and a port, without a path",)
    if http == 403:
        helps = ("a firewall or the exchange refuses this address; try later or from another network",)
    return fault("FC1032", "the answer is not the exchange's", url, notes=(why,), helps=helps)
