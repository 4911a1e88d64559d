"""An S3-compatible server on this machine, in a process of its own. It keeps everything in memory."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .free_port import free_port

#: For the server to come up, or to answer, on a machine that has much else to do.
DEADLINE_S = 180.0

KEYS = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_SERVE = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"


@contextmanager
def bucket_server(bucket: str) -> Iterator[dict[str, str]]:
    """The environment that leads to a server with one empty bucket. Skips where moto is not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("moto", "flask", "flask_cors")):
        pytest.skip("moto's server is not installed")
    port = free_port()
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, "-c", _SERVE, str(port)], env={**os.environ}, **silent)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(port, server)
        urllib.request.urlopen(urllib.request.Request(f"{url}/{bucket}", method="PUT"), timeout=DEADLINE_S).close()
        yield {"AWS_ENDPOINT_URL": url, **KEYS}
    finally:
        server.kill()  # all it has is in memory
        server.wait()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")
