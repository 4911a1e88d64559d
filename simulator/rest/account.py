"""The account: balances, fees, its key, strategy groups, listen keys."""

from __future__ import annotations

import hashlib

from ..exchange.amounts import amount_text
from ..exchange.config import AccountSpec
from ..exchange.stp import StrategyGroup
from .errors import ApiError
from .market_data import is_open_to_api
from .request import Request


def account(request: Request) -> object:
    return request.parts.reads.cached("account", request.account, "", request.now_ns, lambda: _account(request))


def _account(request: Request) -> dict[str, object]:
    holder = request.exchange.account(request.account)
    return {
        "makerCommission": None,
        "takerCommission": None,
        "buyerCommission": None,
        "sellerCommission": None,
        "canTrade": holder.restriction == 0,
        "canWithdraw": True,
        "canDeposit": True,
        "updateTime": None,
        "accountType": "SPOT",
        "balances": _balances(request),
        "permissions": ["SPOT"],
    }


def _balances(request: Request) -> list[dict[str, str]]:
    """Assets without anything are left out."""
    rows = []
    for asset, (free, locked) in request.exchange.balances(request.account).items():
        if free or locked:
            decimals = request.exchange.ledger.decimals[asset]
            text = amount_text(free, decimals)
            rows.append({"asset": asset, "free": text, "locked": amount_text(locked, decimals), "available": text})
    return rows


def self_symbols(request: Request) -> object:
    key = request.key
    names = [spec.name for spec in request.specs() if is_open_to_api(spec) and (key is None or key.allows(spec.name))]
    return request.wrapped(names)


def trade_fee(request: Request) -> object:
    spec, holder = request.symbol(), request.exchange.account(request.account).spec
    maker = spec.maker_fee if holder.maker_fee is None else holder.maker_fee
    taker = spec.taker_fee if holder.taker_fee is None else holder.taker_fee
    return request.wrapped({"makerCommission": _number(maker), "takerCommission": _number(taker)})


def _number(text: str) -> int | float:
    """A rate as the JSON number that this endpoint prints."""
    value = float(text)
    return int(value) if value.is_integer() else value


def mx_deduct(request: Request) -> object:
    return request.wrapped({"mxDeductEnable": request.exchange.account(request.account).mx_deduct})


def set_mx_deduct(request: Request) -> object:
    request.exchange.account(request.account).mx_deduct = request.sent.flag("mxDeductEnable")
    return mx_deduct(request)


def uid(request: Request) -> object:
    return {"uid": uid_of(request.exchange.account(request.account).spec)}


def uid_of(spec: AccountSpec) -> str:
    """The number of an account: the given one, or one that follows from its name."""
    return spec.uid or str(int(hashlib.sha256(spec.name.encode()).hexdigest()[:8], 16) % 90_000_000 + 10_000_000)


def kyc(_: Request) -> object:
    return {"status": "1"}


def currencies(request: Request) -> object:
    """Assets without networks: nothing can be deposited or withdrawn here."""
    return [{"coin": asset, "name": asset, "networkList": []} for asset in sorted(request.exchange.ledger.decimals)]


def nothing(_: Request) -> object:
    """A list that is always empty here, such as that of deposits."""
    return []


# -- strategy groups


def groups(request: Request) -> object:
    name = request.sent.text("tradeGroupName")
    found = request.exchange.groups.of(_master(request))
    return _done(request, [_group_row(group) for group in found if name in ("", group.name)])


def create_group(request: Request) -> object:
    group = request.exchange.groups.create(_master(request), request.sent.need("tradeGroupName"))
    if group is None:
        raise ApiError(26, "operation not allowed: at most 10 groups")
    return _done(request, _group_row(group))


def delete_group(request: Request) -> object:
    if not request.exchange.groups.delete(_master(request), request.sent.need("tradeGroupId")):
        raise ApiError(22222)
    return _done(request, True)


def members(request: Request) -> object:
    return _done(request, _member_rows(request, _group(request)))


def add_members(request: Request) -> object:
    group = _group(request)
    group.members.update(_named(request))
    return _done(request, _member_rows(request, group))


def remove_members(request: Request) -> object:
    group = _group(request)
    group.members.difference_update(_named(request))
    return _done(request, True)


def _master(request: Request) -> str:
    """Groups belong to master accounts. Raises 26 for a sub-account."""
    spec = request.exchange.account(request.account).spec
    if spec.master:
        raise ApiError(26)
    return spec.name


def _group(request: Request) -> StrategyGroup:
    group = request.exchange.groups.find(_master(request), request.sent.need("tradeGroupId"))
    if group is None:
        raise ApiError(22222)
    return group


def _named(request: Request) -> list[str]:
    """Accounts by their numbers, with commas. Raises 10001 for one that is not the master or a sub-account of it."""
    master = _master(request)
    specs = [holder.spec for holder in request.exchange.floor.accounts.values()]
    known = {uid_of(spec): spec.name for spec in specs if master in (spec.name, spec.master)}
    names = []
    for number in request.sent.need("uid").split(","):
        if number not in known:
            raise ApiError(10001)
        names.append(known[number])
    return names


def _group_row(group: StrategyGroup) -> dict[str, object]:
    return {"tradeGroupId": int(group.group_id), "tradeGroupName": group.name}


def _member_rows(request: Request, group: StrategyGroup) -> list[dict[str, object]]:
    accounts = request.exchange.floor.accounts
    return [{"uid": uid_of(accounts[name].spec), **_group_row(group)} for name in sorted(group.members)]


def _done(request: Request, data: object) -> dict[str, object]:
    """These endpoints answer with code 200."""
    return {"data": data, "code": 200, "msg": "success", "timestamp": request.now_ms}


# -- listen keys


def create_listen_key(request: Request) -> object:
    keys, most = request.parts.listen_keys, int(request.switches.listen_keys)
    valid = keys.valid(request.account, request.now_ns)
    if valid and request.switches.listen_key_post == "same":
        return {"listenKey": valid[-1]}
    if len(valid) >= most:
        raise ApiError(26, f"operation not allowed: at most {most} listen keys")
    return {"listenKey": keys.create(request.account, request.now_ns)}


def listen_keys(request: Request) -> object:
    valid, most = request.parts.listen_keys.valid(request.account, request.now_ns), int(request.switches.listen_keys)
    return {"listenKey": valid, "total": most, "available": most - len(valid)}


def extend_listen_key(request: Request) -> object:
    key = request.sent.need("listenKey")
    return _listen_key_answer(request, key, request.parts.listen_keys.extend(request.account, key, request.now_ns))


def delete_listen_key(request: Request) -> object:
    key = request.sent.need("listenKey")
    return _listen_key_answer(request, key, request.parts.listen_keys.delete(request.account, key, request.now_ns))


def _listen_key_answer(request: Request, key: str, is_done: bool) -> object:
    if not is_done:
        raise ApiError(22222)
    return {"listenKey": key} if request.switches.listen_key_answer == "key" else {}
