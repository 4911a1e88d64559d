"""The venue of a file: its profile, and FC0510 for what the profile does not know."""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from ...dsl.document import Document, Located
from ..venues.profile import VenueProfile
from .built import Built
from .suggest import nearest


def venue_of(document: Document, bag: Diagnostics) -> VenueProfile | None:
    """The profile, or None after FC0510 (venue, instrument) or FC0102 (`trade` of an unknown alias)."""
    from ..venues.profile import names, profile

    known = names()
    if document.venue.value not in known:
        _unknown(
            bag, f"no profile of the venue `{document.venue.value}`", document.venue.value, document.venue.span, known
        )
        return None
    found = profile(document.venue.value)
    fine = True
    for instrument in document.instruments:
        if instrument.symbol.value not in found.instruments:
            fine = False
            what = f"the fees and tick of {instrument.symbol.value} on {found.name} are not known"
            _unknown(bag, what, instrument.symbol.value, instrument.symbol.span, tuple(found.instruments))
    aliases = [i.alias.value for i in document.instruments]
    unknown = {alias.value: alias for alias in reversed(document.trade) if alias.value not in aliases}
    for alias in reversed(unknown.values()):
        fine = False
        message, help_ = f"no instrument called `{alias.value}`", _instruments(aliases, alias.value, found)
        bag.add(Diagnostic("FC0102", message, Label(alias.span, "not under `instruments`"), helps=(help_,)))
    for number, alias in enumerate(document.trade):
        first = next((t for t in document.trade[:number] if t.value == alias.value), None)
        if first is not None and alias.value not in unknown:
            fine = False
            message, other = f"`{alias.value}` is traded twice", (Label(first.span, "first here"),)
            bag.add(Diagnostic("FC0106", message, Label(alias.span, "again here"), secondary=other))
    return found if fine and document.trade else None


def _instruments(aliases: list[str], wanted: str, profile: VenueProfile) -> str:
    if aliases:
        return f"instruments of this file: {', '.join(aliases)}"
    symbols = [s for s in profile.instruments if s.lower().startswith(f"{wanted.lower()}/")]
    return f"say what it is: `instruments: {{{wanted}: {(symbols or list(profile.instruments))[0]}}}`"


def _unknown(bag: Diagnostics, message: str, name: str, span: object, known: tuple[str, ...]) -> None:
    from ...dsl.source import Span

    assert isinstance(span, Span)
    guess = nearest(name, known)
    fixes = (Fix(f"did you mean `{guess}`?", Safety.UNSAFE, (Edit(span, guess),)),) if guess else ()
    bag.add(
        Diagnostic(
            "FC0510",
            message,
            Label(span, "not in the pinned profile"),
            notes=(f"known: {', '.join(known)}",),
            fixes=fixes,
        )
    )


def no_stream(name: Located[str], built: Built) -> Diagnostic:
    """FC0102 for a stale guard of a stream that does not exist."""
    aliases = [i.alias.value for i in built.document.instruments]
    known = ("book", "trade", *(f"{alias}.{kind}" for alias in aliases for kind in ("book", "trade")))
    guess = nearest(name.value, known)
    fixes = (Fix(f"did you mean `{guess}`?", Safety.SAFE, (Edit(name.span, guess),)),) if guess else ()
    return Diagnostic(
        "FC0102",
        f"no stream called `{name.value}`",
        Label(name.span, "not a stream of events"),
        helps=() if guess else (f"streams are {', '.join(f'`{k}`' for k in known)}",),
        fixes=fixes,
    )


def not_traded(alias: Located[str], document: Document) -> Diagnostic:
    """FC0102 for a share of capital that nothing trades with."""
    traded = [t.value for t in document.trade]
    guess = nearest(alias.value, traded)
    return Diagnostic(
        "FC0102",
        f"`{alias.value}` is not traded",
        Label(alias.span, "not under `trade`"),
        helps=() if guess else (f"this file trades {', '.join(f'`{t}`' for t in traded)}",),
        fixes=(Fix(f"did you mean `{guess}`?", Safety.SAFE, (Edit(alias.span, guess),)),) if guess else (),
    )
