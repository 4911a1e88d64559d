"""Faults N: connections, names, certificates, latency, loss."""

from __future__ import annotations

from .spec import FaultSpec, Seam, choice, millis, number, words

_T, _R = (Seam.TRANSPORT,), (Seam.REST,)
_ORDER = "POST /api/v3/order"

ROWS = (
    FaultSpec(
        "N-01",
        "cut-in-request",
        "the connection is cut inside a request",
        _T,
        "the call ends as an unknown outcome; as not sent only if no byte left",
        (
            words("request", _ORDER, "method and beginning of the path of the requests that are cut"),
            number("bytes", 40, "bytes", "how much of the request is read before the cut"),
            choice("how", "how the connection ends", reset="with a reset", close="as if all were said"),
        ),
    ),
    FaultSpec(
        "N-02",
        "connect-refused",
        "new connections are refused, or never answered",
        _T,
        "the call is not sent; connects are tried again at growing intervals",
        (choice("how", "what a connect meets", refused="a reset at once", black_hole="silence: it is never accepted"),),
    ),
    FaultSpec(
        "N-03",
        "other-name",
        "the name leads to a server with another name",
        _T,
        "the connection is refused; no signed byte leaves",
        (words("host", "elsewhere.invalid", "the name that the certificate of the TLS port carries"),),
    ),
    FaultSpec(
        "N-04",
        "bad-certificate",
        "the certificate is expired, self-signed or of a stranger, or the port speaks without TLS",
        _T,
        "the connection is refused; no signed byte leaves",
        (
            choice(
                "kind",
                "what the TLS port shows",
                expired="a certificate that ended yesterday",
                self_signed="a certificate signed by itself",
                stranger="a certificate of an authority that nobody knows",
                plain="no TLS at all",
            ),
        ),
    ),
    FaultSpec(
        "N-05",
        "latency",
        "bytes arrive late, differently in each direction",
        _T,
        "round trips and the age of data rise; what is too old to act on is not acted on",
        (
            millis("to_server", 300, "delay of what the client sends", most=60_000),
            millis("to_client", 300, "delay of what the exchange sends", most=60_000),
            millis("jitter", 0, "a random part up to this is added to each delay", most=60_000),
        ),
    ),
    FaultSpec(
        "N-06",
        "trickle",
        "bytes pass in small pieces, so that the sender's buffers fill",
        _T,
        "requests are never mixed; a request that does not get out in time is an unknown outcome",
        (
            number("bytes", 16, "bytes", "how many pass at once", least=1),
            millis("gap", 10, "pause after each piece", least=1, most=60_000),
            choice("way", "which direction", both="both", to_server="to the exchange", to_client="to the client"),
        ),
    ),
    FaultSpec(
        "N-07",
        "stall",
        "nothing passes for a while, then everything at once, as after lost packets",
        _T,
        "the age of data rises; the book is invalid until it is fresh again",
        (
            millis("stall", 1_000, "how long nothing passes", least=1, most=60_000),
            millis("flow", 1_000, "how long it flows between two stalls", least=1, most=60_000),
        ),
    ),
    FaultSpec(
        "N-08",
        "swizzle-clog",
        "the three links are stopped one by one and healed in another order",
        _T,
        "each link shows as down while it is stopped; after the last heals, orders and balances are read again",
        (
            millis("step", 1_000, "time between two events", least=10, most=600_000),
            choice(
                "links",
                "which links",
                all="REST, public stream and private stream",
                rest="REST only",
                public="public stream only",
                private="private stream only",
            ),
        ),
    ),
    FaultSpec(
        "N-09",
        "html-body",
        "a proxy or firewall answers with a page",
        _R,
        "an order call is an unknown outcome; nothing crashes on the page",
        (
            words("request", _ORDER, "method and beginning of the path of the requests that it answers"),
            choice("status", "HTTP status", _403="forbidden", _200="as if all were well", _502="bad gateway"),
            choice("order", "what becomes of the request", kept="it does not reach the exchange", passed="it does"),
        ),
    ),
    FaultSpec(
        "N-10",
        "swapped-answers",
        "two requests get each other's answers",
        _R,
        "an answer that is not about the order that was sent is refused",
        (
            words("request", _ORDER, "method and beginning of the path of the requests"),
            millis("hold", 5_000, "how long an answer waits for another to be swapped with", least=1, most=60_000),
        ),
    ),
)
