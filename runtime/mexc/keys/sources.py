"""Where keys are looked for, and where they are stored. No message of this module holds any part of a key."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from ...errors import RuntimeFault, fault
from .credentials import Credentials, Namespace
from .secret import Secret

SERVICE = "flashc"
#: A name of the service manager's credential, of a keyring's entry, and of a file's stem.
MOST_BYTES = 4096
_PRINTABLE = re.compile(rb"[!-~]{4,256}")
_LINE = re.compile(rb"\s*(key|secret)\s*=\s*(.*?)\s*", re.DOTALL)
#: Keyrings that keep everything in plain text, or nothing at all. They are never used, also when nothing else is there.
_REFUSED_BACKENDS = ("keyring.backends.null", "keyring.backends.fail", "keyrings.alt.file", "keyrings.alt")
_SIMULATOR_START = b"sim-"
_HELPS = ("`flashc keys set --in file` writes a file of your own, which only you can read",)


def load_credentials(
    namespace: Namespace,
    *,
    file: Path | None = None,
    from_environment: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Credentials:
    """The keys of `namespace` from the first source that has them.

    `file` is looked at instead of the default place. FC1201 when there are none; FC1204 and FC1205 for a file that
    must not or cannot be used: it is never skipped for another source.
    """
    around = os.environ if environment is None else environment
    found = _service(namespace, around) or _keyring(namespace)
    place = file or default_file(namespace, around)
    if found is None and (file is not None or place.exists()):
        found = _file(namespace, place)
    if found is None and from_environment:
        found = _environment(namespace, around)
    if found is None:
        helps = ("`flashc keys set` asks for them and stores them", "a service takes them as a credential of systemd")
        raise fault("FC1201", f"there are no keys for {namespace.value}", str(place), helps=helps)
    return found


def default_file(namespace: Namespace, environment: Mapping[str, str] | None = None) -> Path:
    """`~/.config/flashc/NAME.keys`."""
    around = os.environ if environment is None else environment
    base = around.get("XDG_CONFIG_HOME") or str(Path(around.get("HOME") or "~").expanduser() / ".config")
    return Path(base) / "flashc" / f"{namespace.value}.keys"


def parse_keys(content: Secret, namespace: Namespace, source: str) -> Credentials:
    """Two lines, `key = ...` and `secret = ...`. FC1205 says which line is wrong, never what stands in it."""
    found: dict[str, Secret] = {}
    # Whoever raises must hold no text of a key, or a traceback with its variables would show it.
    if wrong := _collect(content, found):
        raise _not_keys(source, f"line {wrong} is neither `key = ...` nor `secret = ...`, each once")
    return checked_keys(found.get("key", Secret(b"")), found.get("secret", Secret(b"")), namespace, source)


def _collect(content: Secret, found: dict[str, Secret]) -> int:
    """Put the values into `found`. Returns the number of the first line that is wrong, 0 if none is."""
    for number, line in enumerate(content.reveal().splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or match[1].decode() in found:
            return number
        found[match[1].decode()] = Secret(match[2])
    return 0


def checked_keys(key: Secret, secret: Secret, namespace: Namespace, source: str) -> Credentials:
    """Keys of the right form and of the right exchange, else FC1205 or FC1203."""
    for name, value in (("key", key), ("secret", secret)):
        if not _PRINTABLE.fullmatch(value.reveal()):
            raise _not_keys(source, f"the {name} is missing, or is not printable ASCII without blanks")
    if key.reveal().startswith(_SIMULATOR_START) is not (namespace is Namespace.SIMULATOR):
        message = "keys of a simulator begin with `sim-`, and only those"
        raise fault("FC1203", message, source, helps=("give the keys of that exchange",))
    return Credentials(namespace, key, secret, source)


def _not_keys(source: str, why: str) -> RuntimeFault:
    return fault("FC1205", why, source, helps=("two lines: `key = ...` and `secret = ...`",))


def _service(namespace: Namespace, environment: Mapping[str, str]) -> Credentials | None:
    """The service manager's credential `flashc-NAME`, which only the service can read."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / f"{SERVICE}-{namespace.value}" if folder else None
    if path is None or not path.is_file():
        return None
    return parse_keys(_read(path), namespace, "the service's credential")


def _file(namespace: Namespace, path: Path) -> Credentials:
    return parse_keys(read_private(path), namespace, str(path))


def read_private(path: Path) -> Secret:
    """The content of a file that nobody else may read. FC1204 says how to mend it, FC1205 if it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        why = "it is a link" if error.errno == errno.ELOOP else error.strerror
        raise fault("FC1205", f"the file of keys cannot be opened: {why}", str(path), helps=_HELPS) from None
    try:
        _check_owned(os.fstat(handle), path)
        return _limited(Secret(os.read(handle, MOST_BYTES + 1)), str(path))
    finally:
        os.close(handle)


def _check_owned(facts: os.stat_result, path: Path) -> None:
    """FC1204 unless it is an ordinary file of this user that nobody else may use."""
    if not stat.S_ISREG(facts.st_mode):
        raise fault("FC1204", "it is not an ordinary file", str(path), helps=_HELPS)
    if facts.st_uid != os.geteuid():
        raise fault("FC1204", "it belongs to another user", str(path), helps=_HELPS)
    if stat.S_IMODE(facts.st_mode) & 0o177:
        message = f"others can use it: its mode is {stat.S_IMODE(facts.st_mode):04o}"
        raise fault("FC1204", message, str(path), helps=(f"chmod 600 {path}",))


def _read(path: Path) -> Secret:
    try:
        with path.open("rb") as opened:
            return _limited(Secret(opened.read(MOST_BYTES + 1)), str(path))
    except OSError as error:
        raise fault("FC1205", f"the credential cannot be read: {error.strerror}", str(path)) from None


def _limited(content: Secret, source: str) -> Secret:
    if len(content.reveal()) > MOST_BYTES:
        raise _not_keys(source, f"it is longer than {MOST_BYTES} bytes")
    return content


def _environment(namespace: Namespace, environment: Mapping[str, str]) -> Credentials | None:
    """`FLASHC_MEXC_KEY` and `FLASHC_MEXC_SECRET` (`FLASHC_MEXC_SIM_...`). Children can read them; so others can."""
    start = f"FLASHC_{namespace.value.replace('-', '_').upper()}"
    key, secret = (Secret(environment.get(f"{start}_{name}", "")) for name in ("KEY", "SECRET"))
    return checked_keys(key, secret, namespace, "the environment") if key and secret else None


# ---- the keyring


def _keyring(namespace: Namespace) -> Credentials | None:
    """Keys of the operating system's keyring; None when there is no keyring that may be used, or it has none."""
    if not usable_keyring():
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        stored = Secret(keyring.get_password(SERVICE, namespace.value) or "")
    except (KeyringError, OSError, RuntimeError):
        return None
    return parse_keys(stored, namespace, "the keyring") if stored else None


def usable_keyring() -> bool:
    """Whether the operating system has a keyring that encrypts. One that stores plain text does not count."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return False
    try:
        backends = [keyring.get_keyring()]
    except (KeyringError, OSError, RuntimeError, ValueError):
        return False
    backends += list(getattr(backends[0], "backends", ()))
    names = [f"{type(one).__module__}.{type(one).__name__}" for one in backends]
    if any("PlaintextKeyring" in name for name in names):
        return False
    return not any(name.startswith(_REFUSED_BACKENDS) for name in names) and backends[0].priority > 0


def need_keyring() -> None:
    """FC1206 when there is no keyring that encrypts. Asked before anything is typed, too."""
    if not usable_keyring():
        raise _not_stored("there is no keyring that encrypts")


def store_in_keyring(credentials: Credentials) -> None:
    """FC1206 when there is no keyring that encrypts, or it refuses."""
    need_keyring()
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, credentials.namespace.value, _text(credentials).decode())
    except (KeyringError, OSError, RuntimeError):
        raise _not_stored("the keyring refused") from None


def store_in_file(credentials: Credentials, path: Path) -> None:
    """A new file of mode 0600, put in its place as a whole. FC1206 when it cannot be written."""
    if not path.name:
        raise fault("FC1206", "this is no name of a file", str(path))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(_text(credentials))
                opened.flush()
                os.fsync(opened.fileno())
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        helps = ("`--file FILE` names another place",)
        raise fault("FC1206", f"the file cannot be written: {error.strerror}", str(path), helps=helps) from None


def forget(namespace: Namespace, path: Path | None = None) -> list[str]:
    """Remove the keys from the keyring and from the file. Returns from where.

    A file that is named must hold keys of this exchange, else it stays: FC1203, FC1204, FC1205.
    """
    gone = []
    if path is not None and path.exists():
        _file(namespace, path)
    path = path or default_file(namespace)
    if usable_keyring():
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.delete_password(SERVICE, namespace.value)
            gone.append("the keyring")
        except (KeyringError, OSError, RuntimeError):
            pass  # it had none
    if path.is_file():
        path.unlink()
        gone.append(str(path))
    return gone


def _text(credentials: Credentials) -> bytes:
    return b"key = %s\nsecret = %s\n" % (credentials.key.reveal(), credentials.secret.reveal())


def _not_stored(why: str) -> RuntimeFault:
    return fault("FC1206", why, "the keyring", helps=("`--in file` writes a file that only you can read",))
