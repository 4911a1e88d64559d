"""Faults of the REST side of the local exchange: signatures, windows, limits, candles, rows."""

from __future__ import annotations

from faults.fault import Fault, check

_R = "simulator/rest"
API = check("tests/simulator/rest/test_api.py")
LIMITS = check("tests/simulator/rest/test_limits.py")
STATISTICS = check("tests/simulator/rest/test_statistics.py")
ANSWERS = check("tests/simulator/rest/test_transcripts.py", "tests/simulator/rest/test_switches_at_rest.py")
LISTEN_KEYS = check("tests/simulator/rest/test_listen_keys.py")
ERRORS = check("tests/simulator/rest/test_errors.py")
ACCOUNTS = check("tests/simulator/test_accounts_file.py")

FAULTS = (
    Fault(
        "rest: query and body are joined with an ampersand",
        f"{_R}/parameters.py",
        "return _without_signature(call.query) + _without_signature(call.body)",
        'return "&".join(filter(None, (_without_signature(call.query), _without_signature(call.body))))',
        API,
    ),
    Fault(
        "rest: the body wins over the query",
        f"{_R}/parameters.py",
        "    values.update(_first(_pairs(call.query)))\n    return Parameters(values)",
        "    return Parameters({**_first(_pairs(call.query)), **values})",
        API,
    ),
    Fault(
        "rest: the last of two same names counts",
        f"{_R}/parameters.py",
        "found.setdefault(name, value)",
        "found[name] = value",
        API,
    ),
    Fault(
        "rest: a request a whole second ahead is taken",
        f"{_R}/keys.py",
        "timestamp < server_ms + AHEAD_MS",
        "timestamp <= server_ms + AHEAD_MS",
        API,
    ),
    Fault(
        "rest: a request at the end of its window is refused",
        f"{_R}/keys.py",
        "server_ms - timestamp <= window_ms",
        "server_ms - timestamp < window_ms",
        API,
    ),
    Fault(
        "rest: permissions are looked at before the signature",
        f"{_R}/api.py",
        "            check_signed(key, call, sent, switches, server_ms)\n            check_permission(key, endpoint.permission)\n",
        "            check_permission(key, endpoint.permission)\n            check_signed(key, call, sent, switches, server_ms)\n",
        API,
    ),
    Fault(
        "limits: refused calls count",
        f"{_R}/limits.py",
        "        if wait_ns:\n            self._offend(address, now_ns)\n",
        "        for window, weight, _ in windows:\n            window.add(weight, now_ns)\n"
        "        if wait_ns:\n            self._offend(address, now_ns)\n",
        LIMITS,
    ),
    Fault(
        "limits: a ban is as long as the one before",
        f"{_R}/limits.py",
        "        offender.bans += 1\n",
        "",
        LIMITS,
    ),
    Fault(
        "limits: seconds to wait are rounded down",
        f"{_R}/limits.py",
        "seconds = -(-wait_ns // SECOND_NS)",
        "seconds = wait_ns // SECOND_NS",
        LIMITS,
    ),
    Fault(
        "candles: the first trade of a flat minute does not open it",
        f"{_R}/statistics.py",
        "if not candle[5]:",
        "if candle[5] is None:",
        STATISTICS,
    ),
    Fault(
        "candles: minutes without trades are left out",
        f"{_R}/statistics.py",
        "        if missing > 0:\n",
        "        if missing > 10**9:\n",
        STATISTICS,
    ),
    Fault(
        "candles: weeks begin on Thursday",
        f"{_R}/intervals.py",
        "_MONDAY_MS = 4 * DAY_MS",
        "_MONDAY_MS = 0 * DAY_MS",
        STATISTICS,
    ),
    Fault(
        "candles: low words of sums are dropped",
        f"{_R}/statistics.py",
        "values = [(high << _SPLIT) + low for high, low in zip(sums[2], sums[3], strict=True)]",
        "values = [(high << _SPLIT) + 0 * low for high, low in zip(sums[2], sums[3], strict=True)]",
        STATISTICS,
    ),
    Fault(
        "klines: a bar that opens at endTime comes along",
        f"{_R}/market_data.py",
        'inclusive = 1 if switches.klines_end == "inclusive" else 0',
        "inclusive = 1",
        ANSWERS,
    ),
    Fault(
        "klines: close times end a millisecond early",
        f"{_R}/market_data.py",
        "interval.open_ms(interval.number(candle.open_ms) + 1),",
        "interval.open_ms(interval.number(candle.open_ms) + 1) - 1,",
        ANSWERS,
    ),
    Fault(
        "aggTrades: times are exact",
        f"{_R}/market_data.py",
        '"T": time_ms - time_ms % 1000,',
        '"T": time_ms,',
        ANSWERS,
    ),
    Fault(
        "aggTrades: a range of exactly an hour is refused",
        f"{_R}/market_data.py",
        "if end - start > HOUR_MS:",
        "if end - start >= HOUR_MS:",
        ERRORS,
    ),
    Fault(
        "orders: the usual spelling of cummulativeQuoteQty",
        f"{_R}/rows.py",
        '        "cummulativeQuoteQty": value_text(spec, order.executed_value),\n        "status": order.status.value,',
        '        "cumulativeQuoteQty": value_text(spec, order.executed_value),\n        "status": order.status.value,',
        ANSWERS,
    ),
    Fault(
        "myTrades: oldest first",
        f"{_R}/orders.py",
        "in reversed(request.exchange.account(request.account).desk.fills.get(spec.name, ())):",
        "in (request.exchange.account(request.account).desk.fills.get(spec.name, ())):",
        ANSWERS,
    ),
    Fault(
        "listen keys: a renewal counts from the old end",
        f"{_R}/listen_keys.py",
        "self._keys[key].until_ns = now_ns + LIFE_NS",
        "self._keys[key].until_ns += LIFE_NS",
        LISTEN_KEYS,
    ),
    Fault(
        "listen keys: anybody may renew one",
        f"{_R}/listen_keys.py",
        '        """PUT: 60 minutes from now. False if the account has no such valid key."""\n'
        "        if self.owner(key, now_ns) != account:",
        '        """PUT: 60 minutes from now. False if the account has no such valid key."""\n'
        "        if self.owner(key, now_ns) is None:",
        LISTEN_KEYS,
    ),
    Fault(
        "accounts file: real keys are taken",
        "simulator/accounts_file.py",
        '_KEY = re.compile(r"sim-[A-Za-z0-9_-]{1,60}", re.ASCII)',
        '_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)',
        ACCOUNTS,
    ),
    Fault(
        "accounts file: a default one that everybody may read",
        "simulator/accounts_file.py",
        "PRIVATE_MODE = 0o600",
        "PRIVATE_MODE = 0o644",
        ACCOUNTS,
    ),
)
