#!/bin/sh
# From an empty folder to an explained trade. Run it anywhere: sh walkthrough.sh
# FLASHC names the command, for example FLASHC="python -m flashc".
set -eu
FLASHC=${FLASHC:-flashc}

step() { # show a command, then run it
  printf '\n$ flashc %s\n' "$*"
  $FLASHC "$@"
}

# 1. A commented starter strategy, and everything it leaves out.
step new first
step check --explain-defaults first.yaml

# 2. A slip: the compiler says what and where, and mends it.
sed 's/cross_up(quick/cross_up(quik/' first.yaml > slip.yaml
step check slip.yaml || echo "(exit code $?: the file is at fault)"
step fix slip.yaml

# 3. What the compiler found out: inputs, warm-up, memory, work.
step check --report first.yaml

# 4. Three weeks of bars from a seed, and a backtest over them.
step data synth --seed 7 --bars 30000 --name weeks --replace
step backtest first.yaml --data weeks

# 5. Other parameters, other costs. Nothing is compiled again.
step backtest first.yaml --data weeks --set fast=30 --set slow=90 --slippage 2

# 6. Why it did, or did not, trade at an instant.
step explain latest --at 2024-01-03T12:00

# 7. History from a file, as exchanges and tools write it. A fault is refused, or repaired by name.
printf '%s\n' 'timestamp,open,high,low,close,volume' \
  '1704067260000,42000.00,42010.00,41990.00,42005.00,1.5' \
  '1704067200000,41990.00,42005.00,41985.00,42000.00,2.0' \
  '1704067320000,42005.00,42020.00,42000.00,42015.00,0.7' > bars.csv
step data import bars.csv --instrument BTC/USDC --period 1m --name mine || echo "(exit code $?: the data is at fault)"
step data import bars.csv --instrument BTC/USDC --period 1m --name mine --repair sort_rows
step data info mine

# 8. An order book with trades from a seed, a starter strategy that waits in its queue, and a report for the browser.
step new scalper --template book
step data synth --kind book --seed 7 --duration 10m --name book --replace
step backtest scalper.yaml --data book --latency place=20ms,cancel=20ms --report scalper.html
