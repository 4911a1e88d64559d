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
    Code(
        "FC1307",
        "no such fault",
        _F,
        "Faults are injected by the number or the name that the catalogue gives them. `flashc sim faults --all` lists "
        "them, and so does the page on faults.",
        ("flashc sim fault dept-gap",),
        "flashc sim fault depth-gap",
    ),
    Code(
        "FC1308",
        "a fault has no such parameter",
        _F,
        "Each fault has its own parameters; the catalogue lists them. Symbol, account and link are options.",
        ("flashc sim fault depth-gap --set mesages=3",),
        "flashc sim fault depth-gap --set messages=3",
    ),
    Code(
        "FC1309",
        "a parameter of a fault cannot have this value",
        _F,
        "A parameter is one of some words, or a whole number of its unit within bounds. Times on the command line have "
        "a unit: `250ms`, `5s`, `2m`.",
        ("flashc sim fault latency --set to_client=soon",),
        "flashc sim fault latency --set to_client=250",
    ),
    Code(
        "FC1310",
        "no local exchange answers",
        _T,
        "The command speaks to a running `flashc sim exchange` over its control port. None is running, or it keeps its "
        "files in another folder.",
        ("flashc sim status",),
        "flashc sim exchange",
    ),
    Code(
        "FC1311",
        "a port cannot be opened",
        _T,
        "Another program listens on the port, perhaps another local exchange, or ports below 1024 are not permitted.",
        ("flashc sim exchange --port 80",),
        "flashc sim exchange --port 0",
    ),
    Code(
        "FC1312",
        "the folder of the local exchange cannot be used",
        _T,
        "Keys, certificates and the token are kept in a folder in which only you may write. It cannot be made or "
        "written, others may write in it, or another local exchange runs with it.",
        ("flashc sim exchange --folder /proc/simulator",),
        "flashc sim exchange --folder simulator",
    ),
    Code(
        "FC1313",
        "no such fault is active",
        _F,
        "Only what was injected and is not over can be healed. `flashc sim faults` lists what is active.",
        ("flashc sim heal 7",),
        "flashc sim heal",
    ),
    Code(
        "FC1314",
        "the control port refuses",
        _T,
        "Changes need the token that the local exchange wrote into its folder when it started. The token in the folder "
        "belongs to another run, or may not be read.",
        ("flashc sim fault depth-gap --folder somewhere/else",),
        "flashc sim fault depth-gap",
    ),
)
