"""The folder of a local exchange: accounts, authority, the control port's token, and where it listens."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from ...runtime.cache_root import cache_root
from ...runtime.errors import fault

ACCOUNTS, TOKEN, RUNNING, LOCK = "accounts.yaml", "control-token", "running.json", "lock"


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
    """A folder in which only its owner may write; what is secret in it only the owner may read.

    FC1312 if it cannot be made, or is there and others may write in it. The mode of a folder that is there stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = -1
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError as error:
            raise _unusable(error, path) from error
        if mode & 0o022:
            helps = ("`--folder DIR` names another one", f"`chmod go-w {path}` keeps others out")
            raise fault("FC1312", "others may write in this folder", str(path), helps=helps)

    def claim(self) -> None:
        """Keep the folder for this exchange until `withdraw`, or until the process is gone. FC1312 if another has it.

        Two exchanges in one folder would take each other's token and address away.
        """
        try:
            self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(error, self.path) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._release()
            helps = (f"`flashc sim status --folder {self.path}` shows it", "`--folder DIR` names a folder for this one")
            message = "a local exchange runs already with this folder"
            raise fault("FC1312", message, str(self.path), helps=helps) from error

    def _release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

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
        self._release()

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
