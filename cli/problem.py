"""What stops a command besides a diagnostic of a strategy file: wrong use, data, environment."""

from __future__ import annotations

from dataclasses import dataclass

from .exit_codes import Exit


@dataclass
class Problem(Exception):
    """Ends a command with one message. `where` names the place (a file, a row), `helps` say how to go on.

    `kind` is stable and meant for machines: `usage`, `data`, `environment`, `bug`. `code` is a code of the catalogue,
    or empty for plain wrong use of the command line.
    """

    message: str
    kind: str = "usage"
    where: str = ""
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    code: str = ""

    def __str__(self) -> str:
        return self.message

    @property
    def exit_code(self) -> Exit:
        return {"usage": Exit.USAGE, "data": Exit.FILE, "environment": Exit.ENVIRONMENT, "bug": Exit.BUG}[self.kind]

    def text(self, color: bool = False) -> str:
        """The same layout as a diagnostic of a strategy file."""
        title = "compiler bug" if self.kind == "bug" else f"error[{self.code}]" if self.code else "error"
        head = f"\x1b[1;31m{title}\x1b[0m" if color else title
        lines = [f"{head}: {self.message}"]
        if self.where:
            lines.append(f" --> {self.where}")
        lines += [f"  = note: {note}" for note in self.notes]
        lines += [f"  = help: {line}" for line in self.helps]
        return "\n".join(lines)

    def json(self) -> dict[str, object]:
        """The object that `--json` prints instead of a result. Keys are stable."""
        return {
            "version": 1,
            "error": {
                "kind": self.kind,
                "code": self.code,
                "message": self.message,
                "where": self.where,
                "notes": list(self.notes),
                "helps": list(self.helps),
            },
        }
