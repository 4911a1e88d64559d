"""The folder of a local exchange: accounts, authority, the control port's token, and where it listens."""

from __future__ import annotations

import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from ...runtime.cache_root import cache_root
from ...runtime.errors import fault

ACCOUNTS, TOKEN, RUNNING = "accounts.yaml", "control-token", "running.json"


def default_folder() -> Path:
    """`simulator` below the cache root."""
    return cache_root() / "simulator"


@dataclass(frozen=True, slots=True)
class Running:
    """Where a local exchange listens, as other commands find it."""

    pid: int
    http: str
    https: str
    ws: str
    wss: str
    control: str


class Folder:
    """A folder that only its owner may read. FC1312 if it cannot be one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                path.chmod(0o700)
        except OSError as error:
            raise _unusable(error, path) from error

    def new_token(self) -> str:
        """A fresh token for the control port, written with mode 0600."""
        token = secrets.token_urlsafe(32)
        self._write(TOKEN, token + "\n")
        return token

    def announce(self, running: Running) -> None:
        """Say where the exchange listens."""
        self._write(RUNNING, json.dumps(asdict(running), indent=2) + "\n")

    def withdraw(self, pid: int) -> None:
        """The exchange ends; another's announcement stays."""
        found = read_running(self.path)
        if found is not None and found.pid == pid:
            (self.path / RUNNING).unlink(missing_ok=True)
            (self.path / TOKEN).unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> None:
        target, fresh = self.path / name, self.path / f".{name}.{os.getpid()}"
        try:
            fresh.unlink(missing_ok=True)
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(fresh, target)
        except OSError as error:
            raise _unusable(error, target) from error


def read_running(path: Path) -> Running | None:
    """What was announced in the folder; None if nothing, or nothing that can be read."""
    try:
        found = json.loads((path / RUNNING).read_text(encoding="utf-8"))
        return Running(**found)
    except (OSError, ValueError, TypeError):
        return None


def read_token(path: Path) -> str:
    """The token in the folder; empty if there is none or it may not be read."""
    try:
        return (path / TOKEN).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _unusable(error: OSError, path: Path) -> Exception:
    helps = ("`--folder DIR` names another one",)
    return fault("FC1312", f"cannot use this folder: {error.strerror or error}", str(path), helps=helps)
