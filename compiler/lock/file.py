"""The text of `flash.lock`: one fact a line, so that a review shows what changed and nothing else.

    # Written by `flashc lock`, reviewed like code, never edited by hand.
    lock: 1
    checksum: sha256:...
    edition:
      number: 1
      library: sha256:...
    strategies:
      - strategies/ema_cross.yaml
    venues:
      mexc.spot:
        profile: sha256:...

The checksum is over the facts, not over the text: comments may be added, values may not be touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...cython_core.artifact_format import digest
from ...dsl.cst import Mapping as Block
from ...dsl.cst import Node, Scalar, Sequence
from ...dsl.diagnostics import Diagnostic, FlashcError, Label
from ...dsl.source import Source, Span
from ...dsl.yaml_reader import load, read
from .pins import Pins, Place, hashed

NAME = "flash.lock"
VERSION = 1

_HEAD = "# Written by `flashc lock`, reviewed like code, never edited by hand.\n"
_SECTIONS = ("edition", "strategies", "modules", "venues", "tapes", "toolchain")
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
_BOOLEAN = re.compile(r"(?i)(true|false|yes|no|on|off|y|n|null)")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_MERGE = re.compile(r"^(<<<<<<<|=======|>>>>>>>).*", re.MULTILINE)
_AGAIN = "`flashc lock` writes it again; review the difference"

#: Places that hold a hash; `*` stands for any key.
_HASHED: tuple[Place, ...] = (
    ("edition", "library"),
    ("modules", "*"),
    ("venues", "*", "profile"),
    ("toolchain", "flags"),
)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that was read: `pins` by place, and where each value stands."""

    source: Source
    pins: Pins
    spans: Mapping[Place, Span]

    @property
    def folder(self) -> Path:
        return Path(self.source.path).parent

    def span(self, place: Place) -> Span:
        """Where a value stands; of what the lock does not say, the nearest thing that it says around it."""
        while place and place not in self.spans:
            place = place[:-1]
        return self.spans.get(place, self.source.span(0, 0))


# writing


def lock_text(pins: Pins) -> str:
    """The file: equal pins, equal bytes."""
    lines = [f"lock: {VERSION}", f"checksum: {checksum(pins)}"]
    for section in _SECTIONS:
        below = {place[1:]: value for place, value in pins.items() if place[0] == section}
        if below:
            lines.append(f"{section}:")
            lines += _listed(below) if section == "strategies" else _block(below, "  ")
    return _HEAD + "\n".join(lines) + "\n"


def checksum(pins: Pins) -> str:
    facts = sorted([*place, value] for place, value in pins.items())
    return hashed(digest(json.dumps(facts, ensure_ascii=True)))


def _listed(pins: Pins) -> list[str]:
    return [f"  - {_word(name)}" for (name,) in sorted(pins)]


def _block(pins: Pins, indent: str) -> Iterator[str]:
    """Facts first, then what lies deeper; each by name."""
    for place, value in sorted(pins.items()):
        if len(place) == 1:
            yield f"{indent}{_word(place[0])}: {value}"
    for name in sorted({place[0] for place in pins if len(place) > 1}):
        yield f"{indent}{_word(name)}:"
        yield from _block({p[1:]: v for p, v in pins.items() if p[0] == name and len(p) > 1}, indent + "  ")


def _word(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and not _BOOLEAN.fullmatch(text)
    return text if plain else json.dumps(text, ensure_ascii=False)


# reading


def read_lock(path: Path) -> Lock:
    """The lock at `path`. Raises OSError, and FlashcError (FC0915) for what `flashc lock` has not written."""
    source, found = load(str(path), path.read_bytes())
    if source is None:
        raise FlashcError([_refusal(next(iter(found)))])
    conflict = _MERGE.search(source.text)
    if conflict:
        raise _wrong("a merge was left half done", source.span(*conflict.span()), "mark of a conflict")
    root, found = read(source)
    errors = [error for error in found.errors if error.code != "FC0011"]  # a data set may be called `on`
    if root is None or errors:
        raise FlashcError([_refusal((errors or found.errors)[0])])
    reader = _Reader(source)
    reader.check_version(root)
    reader.sections(root)
    lock = Lock(source, reader.pins, reader.spans)
    _check_sum(lock, root)
    return lock


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.pins: dict[Place, str] = {}
        self.spans: dict[Place, Span] = {}

    def check_version(self, root: Block) -> None:
        node = root.get("lock")
        if not isinstance(node, Scalar):
            raise _wrong("this is not a lock file: it has no `lock`", self.source.span(0, 0))
        if node.value != str(VERSION):
            message = f"a lock of version {node.value}; this release reads version {VERSION}"
            raise _wrong(message, node.content, "written by another release")

    def sections(self, root: Block) -> None:
        for entry in root.entries:
            name = entry.key.value
            if name in ("lock", "checksum"):
                continue
            if name not in _SECTIONS:
                raise _wrong(f"a lock has no key `{name}`", entry.key.span, "not written by `flashc lock`")
            self.node((name,), entry.value, entry.key.span)
        for place in (("edition", "number"), ("edition", "library"), ("toolchain", "flashc")):
            if place not in self.pins:
                raise _wrong(f"the lock has no `{'.'.join(place)}`", self.spans.get(place[:1], self.source.span(0, 0)))

    def node(self, place: Place, node: Node, key: Span) -> None:
        self.spans[place] = key
        if isinstance(node, Scalar):
            self.value(place, node)
        elif isinstance(node, Block):
            for entry in node.entries:
                self.node((*place, entry.key.value), entry.value, entry.key.span)
        else:
            self.items(place, node)

    def items(self, place: Place, node: Sequence) -> None:
        if place != ("strategies",):
            raise _wrong("a list where the lock has none", node.span, "not written by `flashc lock`")
        for item in node.items:
            if not isinstance(item, Scalar):
                raise _wrong("a strategy is named by its file", item.span)
            self.pins[(*place, item.value)] = ""
            self.spans[(*place, item.value)] = item.content

    def value(self, place: Place, node: Scalar) -> None:
        if len(place) < 2 or not node.value.strip():
            raise _wrong(f"`{'.'.join(place)}` has no such value", node.span, "not written by `flashc lock`")
        if any(_fits(place, form) for form in _HASHED) and not _HASH.fullmatch(node.value):
            raise _wrong("not a hash", node.content, "`sha256:` and 64 hexadecimal digits belong here")
        self.pins[place] = node.value
        self.spans[place] = node.content


def _fits(place: Place, form: Place) -> bool:
    return len(place) == len(form) and all(f in ("*", p) for p, f in zip(place, form, strict=True))


def _check_sum(lock: Lock, root: Block) -> None:
    node = root.get("checksum")
    if not isinstance(node, Scalar):
        raise _wrong("the lock has no checksum", lock.source.span(0, 0))
    if node.value != checksum(lock.pins):
        raise _wrong("the lock was edited by hand", node.content, "the facts below have another checksum")


def _wrong(message: str, span: Span, label: str = "") -> FlashcError:
    return FlashcError([Diagnostic("FC0915", message, Label(span, label), helps=(_AGAIN,))])


def _refusal(found: Diagnostic) -> Diagnostic:
    """What the YAML reader has found, as a finding about the lock."""
    return Diagnostic(
        "FC0915", found.message, found.primary, found.secondary, found.notes, (_AGAIN,), where=found.where
    )
