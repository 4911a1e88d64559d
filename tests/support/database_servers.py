"""Real database servers on loopback, each in a folder of its own, for as long as a test needs them.

Where one is not installed its tests are skipped, unless FLASHC_NEEDS_DATABASES says that it must be there. Debian has no
TimescaleDB: its tests run where the server's libraries have it, or where FLASHC_POSTGRESQL names the folder of such a
server's programs.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .free_port import free_port

#: For a server to come up, or to answer, on a machine that has much else to do.
DEADLINE_S = 180.0


def missing(program: str) -> None:
    """Skip, or fail where the servers must be there."""
    if os.environ.get("FLASHC_NEEDS_DATABASES"):
        pytest.fail(f"{program} is not installed")
    pytest.skip(f"{program} is not installed")


def wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not ready():
        assert server.poll() is None, "the server stopped"
        assert time.monotonic() < end, "the server does not answer"
        time.sleep(0.05)


@contextmanager
def influxdb(folder: Path) -> Iterator[int]:
    """An InfluxDB 1.x; gives its port."""
    program = shutil.which("influxd")
    if program is None:
        missing("influxd")
    http, rpc = free_port(), free_port()
    config = folder / "influx.conf"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n[meta]\ndir = "{folder}/meta"\n'
        f'[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        f'[http]\nbind-address = "127.0.0.1:{http}"\nlog-enabled = false\n'
    )
    server = subprocess.Popen([program, "-config", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{http}/ping"), server)
        yield http
    finally:
        stop(server)


def postgresql_programs() -> Path:
    """The folder of the newest PostgreSQL's programs, or of the one that is asked for."""
    if named := os.environ.get("FLASHC_POSTGRESQL"):
        return Path(named)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        missing("postgresql")
    return found[-1].parent


def has_timescaledb() -> bool:
    return (postgresql_programs().parent / "lib" / "timescaledb.so").exists()


@contextmanager
def postgresql(preload: str = "") -> Iterator[int]:
    """A PostgreSQL with a user `flashc` and a database `market`; gives its port."""
    with tempfile.TemporaryDirectory(prefix="flashc-postgresql-", ignore_cleanup_errors=True) as folder:
        yield from _postgresql(Path(folder), preload)


def _postgresql(place: Path, preload: str) -> Iterator[int]:
    """Below pytest's folder the server's user would lose its way whenever another pytest begins and closes that."""
    bin_folder, port, owner = postgresql_programs(), free_port(), _not_root()
    os.chown(place, owner.pw_uid, owner.pw_gid)
    as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "cwd": str(place)} if os.geteuid() == 0 else {}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    initdb = [str(bin_folder / "initdb"), "-D", str(place / "data"), "-U", "flashc", "-A", "trust", "--no-sync"]
    subprocess.run(initdb, **as_owner, **quiet)
    settings = [f"-cport={port}", "-clisten_addresses=127.0.0.1", f"-cunix_socket_directories={place}", "-cfsync=off"]
    settings += [f"-cshared_preload_libraries={preload}"] * bool(preload)
    command = [str(bin_folder / "postgres"), "-D", str(place / "data"), *settings]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_owner)
    ready = [str(bin_folder / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
    try:
        wait_until(lambda: subprocess.run(ready, stdout=subprocess.DEVNULL).returncode == 0, server)
        createdb = [str(bin_folder / "createdb"), "-T", "template0", "-h", "127.0.0.1", "-p", str(port), "-U", "flashc"]
        subprocess.run([*createdb, "market"], **quiet)  # TimescaleDB's launcher may be looking into template1
        yield port
    finally:
        stop(server)


def _not_root() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root."""
    return pwd.getpwuid(os.geteuid()) if os.geteuid() else pwd.getpwnam("postgres")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE_S) as found:
            return found.status < 300
    except OSError:
        return False


def stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # PostgreSQL waits for its clients on any gentler one
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
