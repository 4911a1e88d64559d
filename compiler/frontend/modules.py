"""Modules named under `use:`: files that hold functions only; FC0111, FC0112.

`std.flow` is a file of the compiler; `risk.helpers` is `risk/helpers.yaml` (or `.flash.yaml`) beside the strategy. A
module has `fn:` (public) and `private:` (for its own functions). It is used through its last name: `flow.lean(...)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...dsl.cst import Mapping, Node, Sequence
from ...dsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from ...dsl.document import Document, FunctionDecl, Located
from ...dsl.fields import Fields
from ...dsl.source import Source
from ...dsl.yaml_reader import load, read
from .suggest import nearest

STANDARD = Path(__file__).parent.parent / "library" / "modules"


@dataclass(slots=True)
class Module:
    """`uses` maps short names to full names of the modules it imports."""

    name: str
    source: Source
    functions: dict[str, FunctionDecl] = field(default_factory=dict)
    private: frozenset[str] = frozenset()
    uses: dict[str, str] = field(default_factory=dict)


def short_name(name: str) -> str:
    return name.rpartition(".")[2]


class Loader:
    """Reads modules once, depth first."""

    def __init__(self, document: Document, bag: Diagnostics) -> None:
        self.file = Path(document.source.path)
        self.folder = self.file.parent
        self.bag = bag
        self.modules: dict[str, Module] = {}
        self.open: list[str] = []

    def use(self, names: tuple[Located[str], ...]) -> dict[str, str]:
        """Load what `use:` names; short name to full name."""
        found: dict[str, str] = {}
        for name in names:
            if name.value in self.open:
                self.cycle(name, (*self.open[self.open.index(name.value) :], name.value))
            elif self.file in self.candidates(name.value):
                self.cycle(name, (self.file.name, *self.open, self.file.name))
            elif name.value in self.modules or self.load(name):
                found[short_name(name.value)] = name.value
        return found

    def cycle(self, name: Located[str], ring: tuple[str, ...]) -> None:
        self.bag.add(
            Diagnostic(
                "FC0112",
                "files import each other",
                Label(name.span, f"`{name.value}` is being read already"),
                notes=(f"the cycle: {' -> '.join(ring)}",),
                helps=("move what both need into a third file",),
            )
        )

    def load(self, name: Located[str]) -> bool:
        path = next((p for p in self.candidates(name.value) if p.is_file()), None)
        if path is None:
            self.missing(name)
            return False
        shown = f"std/{path.name}" if path.parent == STANDARD else str(path)
        source, found = load(shown, path.read_bytes())
        root = None
        if source is not None:
            root, more = read(source)
            found.extend(more)
        if source is None or root is None:
            self.bag.extend(found)
            return False
        self.bag.extend(found)
        self.open.append(name.value)
        self.modules[name.value] = self.read(name.value, source, root)
        self.open.pop()
        return True

    def read(self, name: str, source: Source, root: Mapping) -> Module:
        fields = Fields(source, self.bag)
        public, private = (_functions(fields, root.get(key)) for key in ("fn", "private"))
        use = root.get("use")
        items = use.items if isinstance(use, Sequence) else ()
        uses = tuple(text for item in items if (text := fields.text(item)) is not None)
        return Module(name, source, {**public, **private}, frozenset(private), self.use(uses))

    def candidates(self, name: str) -> Iterator[Path]:
        if name.startswith("std."):
            yield STANDARD / f"{name.removeprefix('std.')}.yaml"
            return
        base = self.folder.joinpath(*name.split("."))
        yield base.with_name(f"{base.name}.flash.yaml")
        yield base.with_name(f"{base.name}.yaml")

    def missing(self, name: Located[str]) -> None:
        standard = [f"std.{p.stem}" for p in sorted(STANDARD.glob("*.yaml"))]
        guess = nearest(name.value, standard)
        fixes = (Fix(f"did you mean `{guess}`?", Safety.SAFE, (Edit(name.span, guess),)),) if guess else ()
        helps = () if guess else ("modules of the compiler begin with `std.`; others are files beside the strategy",)
        self.bag.add(
            Diagnostic(
                "FC0111",
                f"no module called `{name.value}`",
                Label(name.span, "not found"),
                notes=(f"the compiler has {', '.join(standard)}",),
                helps=helps,
                fixes=fixes,
            )
        )


def _functions(fields: Fields, node: Node | None) -> dict[str, FunctionDecl]:
    found: dict[str, FunctionDecl] = {}
    for name, value in fields.named(node):
        if isinstance(value, Mapping):
            body = fields.expr(value.get("is"))
            args = [(arg, fields.text(type_)) for arg, type_ in fields.named(value.get("args"))]
            if body is not None:
                typed = tuple((arg, text) for arg, text in args if text is not None)
                found[name.value] = FunctionDecl(name, typed, fields.text(value.get("returns")), body, name.span)
    return found
