"""Group 13: the local exchange."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code

_D, _T, _F = Category.DATA, Category.TOOLCHAIN, Category.FILE
_GOOD = (
    "accounts:\n  - name: alice\n    keys:\n      - key: sim-alice-0000000000000001\n"
    "        secret: sim-secret-of-alice\n    balances: {USDT: '10000', MX: '500'}\n"
)

CODES = (
    Code(
        "FC1301",
        "the accounts file cannot be read",
        _D,
        "There is no such file, reading it is not permitted, or it is neither YAML nor JSON.",
        ("accounts: [\n",),
        _GOOD,
    ),
    Code(
        "FC1302",
        "not an accounts file",
        _F,
        "An accounts file has one key, `accounts`: a list in which each account has a `name` and at least one key with "
        "its secret. Everything else may be left out; keys that the exchange does not know are refused, so that a "
        "slip of the pen is not silently without effect.",
        ("accounts:\n  - nmae: alice\n",),
        _GOOD,
    ),
    Code(
        "FC1303",
        "a value in the accounts file is impossible",
        _F,
        "Balances and rates are decimal numbers, plain, not negative, with at most 8 decimals; rates are below 1. "
        "Keys begin with `sim-`, so that nobody puts a real key into the file. Addresses are IP addresses, permissions "
        "are those of the exchange.",
        ("accounts:\n  - name: alice\n    keys: [{key: sim-a, secret: s}]\n    balances: {USDT: '-5'}\n",),
        _GOOD,
    ),
    Code(
        "FC1304",
        "two accounts claim the same",
        _F,
        "Names and keys tell accounts apart, so each may stand in the file once.",
        (
            "accounts:\n  - name: alice\n    keys: [{key: sim-a, secret: s}]\n"
            "  - name: bob\n    keys: [{key: sim-a, secret: t}]\n",
        ),
        _GOOD,
    ),
    Code(
        "FC1305",
        "the accounts file cannot be written",
        _T,
        "The folder does not exist or is not writable, the disk is full, or there is such a file already.",
        ("flashc sim exchange --accounts /proc/accounts.yaml",),
        "flashc sim exchange --accounts accounts.yaml",
    ),
    Code(
        "FC1306",
        "no such switch or setting",
        _F,
        "What is not known for certain about the exchange can be switched. The page on the local exchange lists the "
        "switches and their settings.",
        ("flashc sim switch cancel_status=DONE",),
        "flashc sim switch cancel_status=before",
    ),
)
