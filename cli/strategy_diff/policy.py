"""Which changes are let through: `--allow`, or a file `.flashc-diff.yaml` beside the strategy or above it.

allow: [cosmetic, default, risk-tightened]   # classes
never: [risk.*, params.stop]                 # items that someone must look at, whatever the class
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ...dsl.cst import Mapping, Node, Scalar
from ...dsl.cst import Sequence as CstSequence
from ...dsl.diagnostics import Diagnostic, Diagnostics, Label
from ...dsl.source import Source
from ...dsl.yaml_reader import load, read
from ..files import read_bytes
from ..problem import Problem
from .change import ALLOWED, Change, Kind

NAME = ".flashc-diff.yaml"
_KEYS = ("allow", "never")


@dataclass(frozen=True, slots=True)
class Policy:
    """`never` are patterns of items (`risk.*`); `where` is the file it was read from, or empty. Cosmetic changes always
    pass: they mean nothing."""

    allow: frozenset[Kind] = ALLOWED
    never: tuple[str, ...] = ()
    where: str = ""

    def allows(self, change: Change) -> bool:
        """Whether a change may pass."""
        guarded = any(fnmatchcase(change.item, pattern) for pattern in self.never)
        return change.kind is Kind.COSMETIC or (change.kind in self.allow and not guarded)


def policy_of(allow: str | None, file: Path | None, beside: Path) -> Policy:
    """The policy for a strategy in the folder `beside`. `allow` (comma-separated classes) replaces the file's classes.

    Raises `Problem` for an unknown class, `FlashcError` for a file that is wrong.
    """
    found = file if file is not None else _nearest(beside)
    known = Policy() if found is None else _read(found)
    return known if allow is None else Policy(_classes(allow), known.never, known.where)


def _classes(text: str) -> frozenset[Kind]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = next((name for name in names if name not in set(Kind)), None)
    if unknown is not None:
        raise Problem(f"`--allow {unknown}`: there is no such class of changes", helps=(f"there are: {_all()}",))
    return frozenset(map(Kind, names))


def _all() -> str:
    return ", ".join(reversed(Kind))


def _nearest(folder: Path) -> Path | None:
    """In the folder or the nearest one above it, as far as the repository goes."""
    for place in (folder.resolve(), *folder.resolve().parents):
        if (place / NAME).is_file():
            return place / NAME
        if (place / ".git").exists():
            return None
    return None


def _read(path: Path) -> Policy:
    bag = Diagnostics()
    source, found = load(str(path), read_bytes(path))
    bag.extend(found)
    root = None
    if source is not None:
        root, found = read(source)
        bag.extend(found)
    bag.raise_errors()
    assert source is not None and root is not None, "a file without errors was read"
    reader = _Reader(source, bag)
    made = reader.policy(root)
    bag.raise_errors()
    return made


class _Reader:
    def __init__(self, source: Source, bag: Diagnostics) -> None:
        self.source, self.bag = source, bag

    def policy(self, root: Mapping) -> Policy:
        for entry in root.unique():
            if entry.key.value not in _KEYS:
                self._wrong(entry.key, f"there is no key `{entry.key.value}`", f"there are: {', '.join(_KEYS)}")
        allow, never = (self._texts(root.get(key)) for key in _KEYS)
        kinds = []
        for scalar in allow or ():
            if scalar.value not in set(Kind):
                self._wrong(scalar, f"there is no class `{scalar.value}`", f"there are: {_all()}")
            else:
                kinds.append(Kind(scalar.value))
        known = ALLOWED if allow is None else frozenset(kinds)
        return Policy(known, tuple(scalar.value for scalar in never or ()), self.source.path)

    def _texts(self, node: Node | None) -> Sequence[Scalar] | None:
        if node is None:
            return None
        items = node.items if isinstance(node, CstSequence) else ()
        if not isinstance(node, CstSequence) or not all(isinstance(item, Scalar) for item in items):
            self._wrong(node, "a list of names is needed", "write it as `[cosmetic, default]`")
        return [item for item in items if isinstance(item, Scalar)]

    def _wrong(self, node: Node, message: str, help_: str) -> None:
        self.bag.add(Diagnostic("FC1108", message, Label(node.span), helps=(help_,)))
