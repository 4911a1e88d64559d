"""The accounts of a local exchange, from a YAML or JSON file.

accounts:
  - name: alice
    keys:
      - key: sim-alice-0001           # every key begins with `sim-`, so that nobody puts a real one here
        secret: anything
        permissions: [SPOT_ACCOUNT_READ, SPOT_DEAL_READ]     # all of them, if left out
        addresses: [127.0.0.1, 10.0.0.0/8]                   # any, if left out
        symbols: [MXUSDT]                                    # all, if left out
    balances: {USDT: '10000', MX: '500'}
    maker_fee: '0'                    # the symbols' own rates, if left out
    taker_fee: '0.0005'
    mx_deduct: true
    strategy_groups: [desk]           # groups of accounts that must not trade with each other
    max_open_orders: 500
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import yaml

from ..runtime.errors import RuntimeFault, fault
from .exchange.amounts import parse_amount
from .exchange.config import AccountSpec
from .rest.keys import PERMISSIONS, ApiKey, Network

KEY_START = "sim-"
MOST_BYTES = 1 << 20
PRIVATE_MODE = 0o600

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}", re.ASCII)
_KEY = re.compile(r"sim-[A-Za-z0-9_-]{1,60}", re.ASCII)
_ASSET = re.compile(r"[^\s,:{}]{1,32}")
_ACCOUNT_KEYS = (
    *("name", "keys", "balances", "maker_fee", "taker_fee", "mx_deduct", "strategy_groups", "max_open_orders"),
    *("uid", "master"),
)
_KEY_KEYS = ("key", "secret", "permissions", "addresses", "symbols")


@dataclass(frozen=True, slots=True)
class Accounts:
    """What an accounts file says. `groups` has the accounts of each strategy group; `advice` what to tell the user."""

    accounts: tuple[AccountSpec, ...]
    keys: tuple[ApiKey, ...]
    groups: Mapping[str, tuple[str, ...]]
    advice: tuple[str, ...] = ()


def read_accounts(path: Path) -> Accounts:
    """The accounts of a file. Raises FC1301 to FC1304."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # a pipe must not hold us
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise fault("FC1301", "the accounts file is no ordinary file", str(path))
            content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise fault("FC1301", f"cannot read the accounts file: {problem.strerror}", str(path)) from None
    if len(content) > MOST_BYTES:
        raise fault("FC1301", "the accounts file is larger than 1 MiB", str(path))
    found = parse_accounts(content, str(path))
    if stat.S_IMODE(mode) & 0o077:
        advice = f"others may read the secrets in {path}: `chmod 600 {path}`"
        return Accounts(found.accounts, found.keys, found.groups, (advice,))
    return found


def parse_accounts(content: bytes, name: str) -> Accounts:
    """The accounts in the bytes of a file that is called `name`. Raises FC1301 to FC1304."""
    return _Reader(name).accounts(_yaml(content, name))


def default_accounts(draw: Callable[[int], str], names: Sequence[str] = ("alice", "bob")) -> str:
    """The text of a file with fresh keys. `draw(count)` gives `count` hexadecimal digits that nobody can guess."""
    lines = ["# Accounts of a local exchange. The keys work nowhere else.", "accounts:"]
    for name in names:
        lines += [f"  - name: {name}", "    keys:", f"      - key: {KEY_START}{name}-{draw(16)}"]
        lines += [
            f"        secret: {draw(32)}",
            "    balances: {USDT: '100000', USDC: '100000', BTC: '2', ETH: '50', MX: '1000'}",
        ]
    return "\n".join(lines) + "\n"


def write_default(path: Path, draw: Callable[[int], str]) -> None:
    """Make a new file that only its owner may read. Raises FC1305; an existing file stays as it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(default_accounts(draw))
    except OSError as problem:
        raise fault("FC1305", f"cannot write the accounts file: {problem.strerror}", str(path)) from None


def _yaml(content: bytes, name: str) -> Any:
    # The base loader leaves every scalar a text, so that `1e5` and `no` stay what was typed; JSON is YAML too.
    try:
        text = content.decode("utf-8")
        if "&" in text and re.search(r"(?m)(^|[\s\[{,:-])[&*]\w", text):
            raise fault("FC1301", "anchors and aliases are not read", name, helps=("write each account out",))
        return yaml.load(text, Loader=_Loader)  # it makes texts, lists and mappings, never objects
    except UnicodeDecodeError:
        raise fault("FC1301", "the accounts file is not UTF-8", name) from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        message = f"{where}{getattr(problem, 'problem', None) or 'not YAML'}"
        raise fault("FC1301", message, name) from None
    except RecursionError:
        raise fault("FC1301", "the accounts file is nested too deeply", name) from None


class _Loader(yaml.BaseLoader):
    """Texts, lists and mappings; a name that stands twice in a mapping is refused, not forgotten."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"`{key.value}` stands twice", key.start_mark)
            if isinstance(key.value, str):
                seen.add(key.value)
        return dict(super().construct_mapping(node, deep))


class _Reader:
    """Reads the values of a file, and says where something is wrong. Secrets never get into a message."""

    def __init__(self, name: str) -> None:
        self.name = name

    def accounts(self, value: Any) -> Accounts:
        self.known(value, ("accounts",), "the file")
        rows = self.rows(value.get("accounts"), "accounts")
        if not rows:
            raise self.shape("there is no account", "accounts")
        found = [self.account(row, f"accounts[{number}]") for number, row in enumerate(rows)]
        self.unique([spec.name for spec, _, _ in found], "name")
        keys = [key for _, of_account, _ in found for key in of_account]
        self.unique([key.key for key in keys], "key")
        groups: dict[str, tuple[str, ...]] = {}
        for spec, _, names in found:
            for name in names:
                groups[name] = (*groups.get(name, ()), spec.name)
        return Accounts(tuple(spec for spec, _, _ in found), tuple(keys), groups)

    def account(self, row: Any, at: str) -> tuple[AccountSpec, list[ApiKey], list[str]]:
        self.known(row, _ACCOUNT_KEYS, at)
        name = self.text(row, "name", at)
        if not _NAME.fullmatch(name) or name in ("mint", "market", "fees"):
            raise self.value(f"`{name[:40]}` cannot be an account's name", f"{at}.name")
        keys = [
            self.key(item, name, f"{at}.keys[{n}]") for n, item in enumerate(self.rows(row.get("keys"), f"{at}.keys"))
        ]
        spec = AccountSpec(
            name,
            self.balances(row.get("balances", {}), f"{at}.balances"),
            uid=str(row.get("uid", "")),
            maker_fee=self.rate(row.get("maker_fee"), f"{at}.maker_fee"),
            taker_fee=self.rate(row.get("taker_fee"), f"{at}.taker_fee"),
            master=str(row.get("master", "")),
            mx_deduct=self.flag(row.get("mx_deduct", "false"), f"{at}.mx_deduct"),
            max_open_orders=self.count(row.get("max_open_orders", "500"), f"{at}.max_open_orders"),
        )
        groups = self.texts(row.get("strategy_groups", []), f"{at}.strategy_groups")
        return spec, keys, groups

    def key(self, row: Any, account: str, at: str) -> ApiKey:
        self.known(row, _KEY_KEYS, at)
        key, secret = self.text(row, "key", at), self.text(row, "secret", at)
        if not _KEY.fullmatch(key):
            raise self.value("a key begins with `sim-` and has letters, digits, `-` and `_`", f"{at}.key")
        permissions = self.texts(row.get("permissions", list(PERMISSIONS)), f"{at}.permissions")
        for permission in permissions:
            if permission not in PERMISSIONS:
                raise self.value(
                    f"no permission `{permission[:40]}`", f"{at}.permissions", f"known: {', '.join(PERMISSIONS)}"
                )
        addresses = self.texts(row.get("addresses", []), f"{at}.addresses")
        return ApiKey(
            key,
            account,
            secret.encode(),
            frozenset(permissions),
            tuple(self.network(address, f"{at}.addresses") for address in addresses),
            frozenset(self.texts(row.get("symbols", []), f"{at}.symbols")),
        )

    def balances(self, value: Any, at: str) -> Mapping[str, str]:
        if not isinstance(value, dict):
            raise self.shape("balances are amounts by asset", at)
        for asset, amount in value.items():
            if not isinstance(asset, str) or not _ASSET.fullmatch(asset):
                raise self.value("not the name of an asset", at)
            self.decimal(amount, f"{at}.{asset}")
        return dict(value)

    def decimal(self, text: Any, at: str) -> None:
        try:
            parse_amount(text if isinstance(text, str) else "", 8)
        except ValueError:
            helps = "such as 100000 or 0.5, not below 0"
            raise self.value("not a plain decimal with at most 8 decimals", at, helps) from None

    def rate(self, text: Any, at: str) -> str | None:
        if text is None:
            return None
        self.decimal(text, at)
        if parse_amount(text, 8) >= 10**8:
            raise self.value("a fee is a fraction, below 1", at, "0.05 % is 0.0005")
        return str(text)

    def flag(self, text: Any, at: str) -> bool:
        if text not in ("true", "false"):
            raise self.value("not true or false", at)
        return bool(text == "true")

    def count(self, text: Any, at: str) -> int:
        if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 9):
            raise self.value("not a whole number", at)
        return int(text)

    def network(self, text: str, at: str) -> Network:
        try:
            return ip_network(text, strict=False)
        except ValueError:
            raise self.value(f"`{text[:40]}` is no IP address or network", at) from None

    def known(self, value: Any, names: tuple[str, ...], at: str) -> None:
        if not isinstance(value, dict):
            raise self.shape("not a mapping of names to values", at)
        for name in value:
            if name not in names:
                raise self.shape(f"no key `{str(name)[:40]}`", at, f"known: {', '.join(names)}")

    def rows(self, value: Any, at: str) -> Sequence[Any]:
        if not isinstance(value, list):
            raise self.shape("not a list, or missing", at)
        return value

    def text(self, row: Mapping[str, Any], name: str, at: str) -> str:
        value = row.get(name)
        if not isinstance(value, str) or not value:
            raise self.shape(f"`{name}` is missing", at)
        return value

    def texts(self, value: Any, at: str) -> list[str]:
        found = [item for item in self.rows(value, at) if isinstance(item, str) and item]
        if len(found) != len(value):
            raise self.shape("not a list of texts", at)
        return found

    def unique(self, names: Sequence[str], what: str) -> None:
        for name in _repeated(names):
            raise fault("FC1304", f"two accounts have the {what} `{name}`", self.name)

    def shape(self, message: str, at: str, *helps: str) -> RuntimeFault:
        return fault("FC1302", f"{at}: {message}", self.name, helps=helps)

    def value(self, message: str, at: str, *helps: str) -> RuntimeFault:
        return fault("FC1303", f"{at}: {message}", self.name, helps=helps)


def _repeated(names: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)
