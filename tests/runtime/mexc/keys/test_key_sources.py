"""Keys come from where only their owner can put them, and are stored nowhere else."""

from __future__ import annotations

import os
import stat
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.mexc.keys import sources as key_sources
from flashc.runtime.mexc.keys.credentials import Credentials, Namespace, checked, namespace_of
from flashc.runtime.mexc.keys.secret import Secret
from flashc.runtime.mexc.keys.sources import forget, load_credentials, store_in_file, store_in_keyring, usable_keyring

SIM, LIVE = Namespace.SIMULATOR, Namespace.LIVE
TEXT = "# keys\nkey = sim-key-0001\nsecret = s3cret-value\n"


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sources, "usable_keyring", lambda: False)


@pytest.fixture
def around(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def write(path: Path, text: str = TEXT, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(RuntimeFault) as error:
        work()
    assert "s3cret" not in str(error.value)
    assert "sim-key" not in str(error.value)
    return error.value.first.code


def test_a_private_file_is_read(around: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "flashc" / "mexc-sim.keys")
    found = load_credentials(SIM, environment=around)
    assert (found.key, found.secret) == (Secret("sim-key-0001"), Secret("s3cret-value"))
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o700, 0o602])
def test_a_file_that_others_can_use_is_refused_with_how_to_mend_it(
    mode: int, around: dict[str, str], tmp_path: Path
) -> None:
    path = write(tmp_path / "flashc" / "mexc-sim.keys", mode=mode)
    with pytest.raises(RuntimeFault) as error:
        load_credentials(SIM, environment=around)
    assert error.value.first.code == "FC1204"
    assert error.value.first.helps == (f"chmod 600 {path}",)


def test_a_link_or_a_folder_or_a_file_of_another_is_no_file_of_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.keys")
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert code_of(lambda: load_credentials(SIM, file=tmp_path / "link")) == "FC1205"
    assert code_of(lambda: load_credentials(SIM, file=tmp_path / "none")) == "FC1205"
    assert code_of(lambda: load_credentials(SIM, file=tmp_path / "pipe")) == "FC1204"
    assert code_of(lambda: load_credentials(SIM, file=tmp_path)) == "FC1204"
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert code_of(lambda: load_credentials(SIM, file=path)) == "FC1204"


@pytest.mark.parametrize(
    "text",
    ["", "key = sim-key-0001\n", TEXT + "secret = s3cret\n", "sim-key-0001 s3cret\n", "key = sim-key 0001\nsecret = s3cret\n",
     "key: sim-key-0001\nsecret: s3cret\n", TEXT + "x" * 5000, "key = sim-key-\u00e4\nsecret = s3cret\n"],
)  # fmt: skip
def test_what_is_no_file_of_keys_is_refused_without_showing_it(text: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.keys", text)
    assert code_of(lambda: load_credentials(SIM, file=path)) == "FC1205"


def test_keys_of_one_exchange_are_not_read_as_those_of_the_other(tmp_path: Path) -> None:
    assert code_of(lambda: load_credentials(LIVE, file=write(tmp_path / "a.keys"))) == "FC1203"
    path = write(tmp_path / "b.keys", "key = mx0v0001\nsecret = s3cret\n")
    assert code_of(lambda: load_credentials(SIM, file=path)) == "FC1203"


def test_the_services_credential_comes_first(around: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "flashc" / "mexc-sim.keys")
    write(tmp_path / "creds" / "flashc-mexc-sim", TEXT.replace("0001", "0002"))
    found = load_credentials(SIM, environment={**around, "CREDENTIALS_DIRECTORY": str(tmp_path / "creds")})
    assert (found.key, found.source) == (Secret("sim-key-0002"), "the service's credential")


def test_the_environment_is_read_only_when_it_is_asked_for(around: dict[str, str]) -> None:
    named = {**around, "FLASHC_MEXC_SIM_KEY": "sim-key-0003", "FLASHC_MEXC_SIM_SECRET": "s3cret"}
    assert code_of(lambda: load_credentials(SIM, environment=named)) == "FC1201"
    assert load_credentials(SIM, environment=named, from_environment=True).key == Secret("sim-key-0003")


def test_a_stored_file_is_private_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mexc-sim.keys"
    given = Credentials(SIM, Secret("sim-key-0009"), Secret("s3cret"))
    for _ in range(2):
        store_in_file(given, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_credentials(SIM, file=path).secret == given.secret
    assert os.listdir(path.parent) == [path.name]
    assert forget(SIM, path) == [str(path)]


def keyring_of(monkeypatch: pytest.MonkeyPatch, backend: object) -> dict[tuple[str, str], str]:
    """A keyring library with one backend."""
    monkeypatch.setattr(key_sources, "usable_keyring", usable_keyring)
    stored: dict[tuple[str, str], str] = {}
    errors = types.SimpleNamespace(KeyringError=KeyError)
    fake = types.SimpleNamespace(
        get_keyring=lambda: backend,
        get_password=lambda service, name: stored.get((service, name)),
        set_password=lambda service, name, text: stored.__setitem__((service, name), text),
        delete_password=lambda service, name: stored.pop((service, name)),
        errors=errors,
    )
    monkeypatch.setitem(sys.modules, "keyring", fake)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return stored


def backend_of(module: str, name: str, priority: float = 5) -> object:
    return type(name, (), {"__module__": module, "priority": priority})()


def test_a_keyring_that_encrypts_keeps_the_keys(
    monkeypatch: pytest.MonkeyPatch, around: dict[str, str], tmp_path: Path
) -> None:
    keyring_of(monkeypatch, backend_of("keyring.backends.SecretService", "Keyring"))
    given = Credentials(SIM, Secret("sim-key-0009"), Secret("s3cret"))
    store_in_keyring(given)
    assert load_credentials(SIM, environment=around).source == "the keyring"
    assert forget(SIM, tmp_path / "none") == ["the keyring"]
    assert code_of(lambda: load_credentials(SIM, environment=around)) == "FC1201"


@pytest.mark.parametrize(
    "backend",
    [backend_of("keyrings.alt.file", "PlaintextKeyring"), backend_of("keyring.backends.fail", "Keyring", 0), backend_of("x", "Keyring", 0),
     backend_of("keyring.backends.null", "Keyring"), type("Chainer", (), {"__module__": "keyring.backends.chainer", "priority": 10,
      "backends": (backend_of("keyrings.alt.file", "PlaintextKeyring"),)})()],
)  # fmt: skip
def test_a_keyring_that_does_not_encrypt_is_never_used(backend: object, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = keyring_of(monkeypatch, backend)
    given = Credentials(SIM, Secret("sim-key-0009"), Secret("s3cret"))
    assert code_of(lambda: store_in_keyring(given)) == "FC1206"
    assert stored == {}


ADDRESSES = [
    ("https://api.mexc.com", LIVE), ("https://api.mexc.com:443", LIVE), ("http://127.0.0.1:8870", SIM),
    ("https://127.0.0.1:8871", SIM), ("http://[::1]:8870", SIM), ("http://127.9.9.9:1", SIM),
    ("http://localhost:8870", SIM), ("https://LOCALHOST:8871", SIM),
]  # fmt: skip


@pytest.mark.parametrize(("url", "namespace"), ADDRESSES)
def test_addresses_of_the_exchange_and_of_a_simulator(url: str, namespace: Namespace) -> None:
    assert namespace_of(url) is namespace
    mine, other = (Credentials(one, Secret("k"), Secret("s")) for one in (namespace, LIVE if namespace is SIM else SIM))
    assert checked(mine, url) is mine
    assert code_of(lambda: checked(other, url)) == "FC1203"


@pytest.mark.parametrize(
    "url",
    ["http://api.mexc.com", "https://api.mexc.com.evil.example", "https://evil.example/api.mexc.com", "https://127.0.0.1.evil.example",
     "http://localhost.:8870", "http://localhost.evil.example", "http://localhost\\@evil.example", "http://127.1:80", "https://u:p@api.mexc.com", "https://api.mexc.com:8443", "ftp://127.0.0.1", "http://0.0.0.0:1", "127.0.0.1", "",
     "http://127.0.0.1:99999", "http://127.0.0.1:x", "http://127.0.0.1:8870/ws", "http://127.0.0.1:8870?x", "http://[::1"],
)  # fmt: skip
def test_any_other_address_is_refused(url: str) -> None:
    assert code_of(lambda: namespace_of(url)) == "FC1202"


def test_a_refused_address_shows_no_password_and_no_query() -> None:
    with pytest.raises(RuntimeFault) as refused:
        namespace_of("https://user:pa55@api.mexc.com/?signature=c0ffee")
    assert str(refused.value.first.where) == "api.mexc.com/"
