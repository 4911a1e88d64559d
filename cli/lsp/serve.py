"""Start the server: where it reads and writes, and where it logs."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from .server import FlashServer, RequestFailed

_LOOPBACK = "127.0.0.1"


def serve(port: int | None, log: Path | None) -> bool:
    """Serve one editor to its end; whether it said goodbye. Raises OSError for the log file or the port."""
    _log_to(log)
    server = FlashServer()
    if port is not None:
        server.start_tcp(_LOOPBACK, port)
        return server.ended_well
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever prints, prints beside the protocol
    server.start_io(stdin, stdout)
    return server.ended_well


def _log_to(path: Path | None) -> None:
    """Everything into the file, or warnings of ours to standard error."""
    form = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler = logging.FileHandler(path, encoding="utf-8") if path is not None else logging.StreamHandler(sys.stderr)
    handler.setFormatter(form)
    handler.addFilter(_is_news)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO if path is not None else logging.WARNING)


def _is_news(record: logging.LogRecord) -> bool:
    """A refusal is an answer, not a fault: pygls would log it with a traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], RequestFailed))
