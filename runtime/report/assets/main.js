// Puts the page together: equity first, then prices, trades and the strategy's own values.

const facts = JSON.parse(document.getElementById("facts").textContent);
const byId = (id) => document.getElementById(id);
const UNIT = 10 ** facts.atoms;
const PRICE = { tall: 400, short: 280 };

const state = { chart: null, trades: null, list: null, bars: new Map(), lines: [], hidden: new Set(), symbol: null, selected: -1 };

async function start() {
  themeButton();
  if (typeof DecompressionStream === "undefined") {
    byId("chart-note").textContent = "This browser is too old for the chart that zooms and the list of trades (it lacks DecompressionStream, "
      + "which browsers have had since 2023). Everything else on this page is complete.";
    return;
  }
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  await readEquity();
  state.trades = new Trades(await unpack("trades", facts.heads.trades), facts);
  if (state.trades.count) state.list = new TradeList(state.trades, moneyPlaces(), showTrade);
  if (!state.equity.time.length) return;
  buildChart();
  readout(null);
  for (const found of facts.bars) state.bars.set(found.symbol, found);
  instrumentChoice();
  rangeButtons();
  await useInstrument(facts.bars[0]?.symbol ?? facts.instruments[0].symbol);
  for (const facts_ of facts.lines) await readLine(facts_);
  chips();
  state.chart.setPanes(panes());
  const wanted = /^#trade-(\d+)$/.exec(location.hash);
  if (wanted && state.trades.count >= Number(wanted[1]) && state.list) {
    state.list.select(Number(wanted[1]) - 1);
    showTrade(Number(wanted[1]) - 1, true);
  }
  document.documentElement.dataset.ready = "yes";
}

/** Cents, or finer where trades earn less than that. */
function moneyPlaces() {
  const sizes = Array.from(state.trades.pnl, Math.abs).sort((a, b) => a - b);
  return sizes.length && sizes[sizes.length >> 1] < UNIT / 10 ? 4 : 2;
}

async function readEquity() {
  const { time, equity } = await unpack("equity", facts.heads.equity), fall = new Float64Array(equity.length);
  for (let k = 0, peak = facts.start; k < equity.length; k++) {
    equity[k] *= facts.equityUnit;
    if (equity[k] > peak) peak = equity[k];
    fall[k] = peak > 0 ? (equity[k] - peak) / peak : 0;
    equity[k] /= UNIT;
  }
  state.equity = new Line(time, equity);
  state.fall = new Line(time, fall);
}

function buildChart() {
  const { time } = state.equity, step = time.length > 1 ? (time.at(-1) - time[0]) / (time.length - 1) : MINUTE;
  const view = new View(time[0], time.at(-1), 12 * (facts.bars[0]?.period ?? step));
  state.chart = new Chart(byId("plot"), view, state.equity);
  state.chart.onCursor = readout;
  state.chart.onView = () => markRange(view);
  state.chart.step = stepTrade;
  state.chart.setPanes(panes());
  printOnWhite(state.chart);
}

/** Paper is light, whatever the screen is. */
function printOnWhite(chart) {
  const root = document.documentElement;
  let before;
  const paint = () => { chart.colors = readColors(); chart.draw(); };
  addEventListener("beforeprint", () => { before = root.dataset.theme; root.dataset.theme = "light"; paint(); });
  addEventListener("afterprint", () => { if (before) root.dataset.theme = before; else delete root.dataset.theme; paint(); });
}

/** The price of an instrument: read when it is first shown. */
async function useInstrument(symbol) {
  const found = state.bars.get(symbol);
  if (found && !found.bars) {
    const columns = await unpack(found.group, facts.heads[found.group]);
    for (const name of ["gap", "body", "above", "below"]) for (let k = 0, d = 10 ** found.decimals; k < columns[name].length; k++) columns[name][k] /= d;
    found.bars = new Bars(columns, found.period);
    found.bars.prepare(state.chart.view.span, state.chart.inner / 3);
  }
  state.symbol = symbol;
  state.trades.symbol = facts.instruments.length > 1 ? symbol : null;
  const decimals = facts.instruments.find((i) => i.symbol === symbol)?.price ?? 0;
  state.priced = scaledTrades(state.trades, decimals);
  state.chart.setPanes(panes());
}

/** The trades with prices instead of ticks, for painting. */
function scaledTrades(trades, decimals) {
  const scaled = Object.create(trades), scale = 10 ** decimals;
  scaled.entryPrice = trades.entryPrice.map((ticks) => ticks / scale);
  scaled.exitPrice = trades.exitPrice.map((ticks) => ticks / scale);
  return scaled;
}

async function readLine(found) {
  const columns = await unpack(found.group, facts.heads[found.group]);
  if (found.kind === "marks") return state.lines.push({ ...found, edges: columns.edges });
  const { time, value } = columns;
  for (let k = 0; k < value.length; k++) value[k] = value[k] ? found.low + (value[k] - 1) * found.step : NaN;
  state.lines.push({ ...found, line: new Line(time, value) });
}

// Panes

function panes() {
  const small = innerWidth < 760, found = [], shown = state.lines.filter((l) => !state.hidden.has(l.name) && l.symbol === state.symbol);
  const current = state.bars.get(state.symbol);
  if (current?.bars && state.priced) found.push(pricePane(current, small ? PRICE.short : PRICE.tall, shown.filter((l) => l.pane === "price")));
  if (state.trades.count > MANY) found.push(crowdPane());
  const flags = shown.filter((l) => l.kind === "marks");
  if (flags.length) found.push(marksPane(flags));
  for (const name of new Set(shown.filter((l) => l.kind === "line" && l.pane !== "price").map((l) => l.pane))) {
    found.push(linesPane(shown.filter((l) => l.pane === name), small ? 80 : 104));
  }
  found.push(equityPane(small ? 110 : 140), fallPane(small ? 60 : 76));
  return found;
}

const colorOf = (colors, found) => colors.series[state.lines.findIndex((l) => l.name === found.name) % colors.series.length];

function pricePane({ bars, decimals, symbol }, height, lines) {
  let level = bars.base;
  return {
    height,
    title: () => `${symbol}, ${spanText(level.period)} bars`,
    text: (value, step) => fixed(value, step ? placesFor(step) : decimals),
    range(view, width) {
      level = bars.level(view.span, width / 3);
      const first = Math.max(0, lowerBound(level.time, view.from) - 1), end = Math.max(first + 1, lowerBound(level.time, view.to));
      let low = Infinity, high = -Infinity;
      for (let k = first; k < end; k++) {
        if (level.low[k] < low) low = level.low[k];
        if (level.high[k] > high) high = level.high[k];
      }
      return low <= high ? [low, high] : null;
    },
    paint(g, box, view, y, colors) {
      paintVolume(g, box, view, level, colors);
      paintBars(g, box, view, level, y, colors);
      for (const found of lines) paintOverBars(g, box, view, found.line, level, y, colorOf(colors, found));
      paintTrades(g, box, view, state.priced, y, colors, state.selected);
    },
  };
}

/** Shown when a run has more trades than can be told apart at once. */
function crowdPane() {
  return {
    height: 44,
    noScale: true,
    room: 0,
    range: () => [0, 1],
    text: () => "",
    title: () => "Trades won, lost",
    paint: (g, box, view, y, colors) => paintCrowd(g, box, view, state.trades, colors),
  };
}

function marksPane(lines) {
  return {
    height: 16 * lines.length,
    noScale: true,
    room: 0,
    range: () => [0, 1],
    text: () => "",
    paint(g, box, view, y, colors) {
      lines.forEach((found, k) => {
        const lane = { ...box, y: box.y + 16 * k + 2, h: 12 };
        g.globalAlpha = 0.55;
        paintMarks(g, lane, view, found.edges, colorOf(colors, found));
        g.globalAlpha = 1;
        g.fillStyle = colors.ink;
        g.textAlign = "left";
        g.fillText(found.name, 8, lane.y + 6);
      });
    },
  };
}

function linesPane(lines, height) {
  return {
    height,
    title: () => lines.map((l) => l.name).join(", "),
    text: (value, step) => fixed(value, step ? placesFor(step) : Math.min(6, placesFor(lines[0].step * 400))),
    range(view, width) {
      const ranges = lines.map((l) => lineRange(l.line, view, width)).filter(Boolean);
      return ranges.length ? [Math.min(...ranges.map((r) => r[0])), Math.max(...ranges.map((r) => r[1]))] : null;
    },
    paint(g, box, view, y, colors) {
      for (const found of lines) paintLine(g, box, view, found.line, y, colorOf(colors, found));
    },
  };
}

function equityPane(height) {
  return {
    height,
    title: () => `Equity, ${facts.quote}`,
    text: (value, step) => fixed(value, step ? placesFor(step) : 2),
    range: (view, width) => lineRange(state.equity, view, width),
    paint(g, box, view, y, colors) {
      const base = y(facts.start / UNIT);
      g.fillStyle = colors.faint;
      g.fillRect(0, Math.round(base), box.w, 1);
      paintArea(g, box, view, state.equity, y, box.y + box.h + 4, colors.accent, colors.fill);
    },
  };
}

function fallPane(height) {
  return {
    height,
    title: () => "Drawdown",
    text: (value, step) => `${fixed(100 * value, step ? placesFor(100 * step) : 2)} %`,
    range: (view, width) => { const range = lineRange(state.fall, view, width); return range && [Math.min(range[0], -1e-6), 0]; },
    paint: (g, box, view, y, colors) => paintArea(g, box, view, state.fall, y, y(0), colors.lost, colors.lostFill),
  };
}

// Words under the cursor

const REST = matchMedia("(pointer: coarse)").matches ? "Drag to move, pinch to zoom." : "Drag to move. Click, then turn the wheel to zoom; or pinch. Keys: arrows, +, −, 0 for all, n and p for the next and previous trade.";

function readout(time) {
  const host = byId("readout");
  if (time === null) return host.replaceChildren(REST);
  const parts = [], add = (name, value) => parts.push(element("span", {}, element("i", {}, name), element("b", {}, value)));
  const current = state.bars.get(state.symbol);
  if (current?.bars) {
    const { chart } = state, level = current.bars.level(chart.view.span, chart.inner / 3), k = Math.max(0, lowerBound(level.time, time + 1) - 1);
    parts.push(element("span", {}, element("b", {}, timeText(level.time[k]))));
    for (const [name, values] of [["O", level.open], ["H", level.high], ["L", level.low], ["C", level.close]]) add(name, fixed(values[k], current.decimals));
  } else parts.push(element("span", {}, element("b", {}, timeText(Math.round(time)))));
  for (const found of state.lines) {
    if (found.kind === "line" && found.symbol === state.symbol && !state.hidden.has(found.name)) add(found.name, fixed(found.line.at(time), Math.min(6, placesFor(found.step * 400))));
  }
  add("Equity", fixed(state.equity.at(time), 2));
  add("Drawdown", `${fixed(100 * state.fall.at(time), 2)} %`);
  host.replaceChildren(...parts);
}

// Tools

const RANGES = [["All", Infinity], ["1Y", 365 * DAY], ["3M", 91 * DAY], ["1M", 30 * DAY], ["1W", 7 * DAY], ["1D", DAY], ["4H", 4 * HOUR], ["1H", HOUR], ["10m", 10 * MINUTE]];

function rangeButtons() {
  const host = document.querySelector(".ranges"), { view } = state.chart, whole = view.last - view.first;
  const fit = RANGES.filter(([, span]) => span === Infinity || (span < whole * 0.9 && span > view.least)).slice(0, 6);
  state.ranges = fit.map(([name, span]) => {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      if (span === Infinity) view.show(view.first, view.last);
      else if (view.to >= view.last || view.span > whole * 0.9) view.show(view.last - span, view.last);
      else view.show((view.from + view.to - span) / 2, (view.from + view.to + span) / 2);
      state.chart.redraw();
    });
    return { button, span };
  });
  host.replaceChildren(...state.ranges.map((r) => r.button));
  byId("tools").hidden = false;
}

function markRange(view) {
  const whole = view.last - view.first;
  for (const { button, span } of state.ranges ?? []) {
    const on = span === Infinity ? view.span >= whole : Math.abs(view.span / span - 1) < 0.01;
    button.setAttribute("aria-pressed", String(on));
  }
}

function instrumentChoice() {
  const select = byId("instrument");
  if (facts.bars.length < 2) return;
  select.append(...facts.bars.map((b) => element("option", { value: b.symbol }, b.symbol)));
  select.hidden = false;
  select.addEventListener("change", () => useInstrument(select.value).then(chips));
}

function chips() {
  const host = byId("chips"), colors = state.chart.colors;
  host.replaceChildren(...state.lines.filter((l) => l.symbol === state.symbol).map((found) => {
    const button = element("button", { type: "button" }, found.name);
    button.style.setProperty("--c", colorOf(colors, found));
    button.setAttribute("aria-pressed", String(!state.hidden.has(found.name)));
    button.addEventListener("click", () => {
      if (!state.hidden.delete(found.name)) state.hidden.add(found.name);
      button.setAttribute("aria-pressed", String(!state.hidden.has(found.name)));
      state.chart.setPanes(panes());
    });
    return button;
  }));
}

/** Bring a trade into the chart with room around it. */
function showTrade(t, scroll) {
  const { trades, chart } = state;
  if (!chart) return;
  const symbol = facts.instruments[trades.instrument[t]].symbol, length = trades.exit[t] - trades.entry[t];
  state.selected = t;
  history.replaceState(null, "", `#trade-${t + 1}`);
  const around = Math.max(length, 30 * (facts.bars[0]?.period ?? MINUTE));
  chart.view.show(trades.entry[t] - around, trades.exit[t] + around);
  if (state.bars.has(symbol) && symbol !== state.symbol) {
    byId("instrument").value = symbol;
    useInstrument(symbol).then(chips);
  }
  chart.redraw();
  if (scroll) byId("chart-head").scrollIntoView({ block: "start" });
}

function stepTrade(by) {
  const { trades, list, chart } = state;
  if (!list) return;
  let next = state.selected < 0 ? trades.byEntry[Math.min(trades.count - 1, lowerBound(trades.entries, chart.view.from))]
    : trades.byEntry[trades.byEntry.indexOf(state.selected) + by];
  if (next === undefined) return;
  list.select(next);
  showTrade(next, false);
}

function themeButton() {
  const button = byId("theme"), root = document.documentElement, names = ["", "light", "dark"], key = "flashc-report-colours";
  let at = 0;
  try { at = Math.max(0, names.indexOf(localStorage.getItem(key) ?? "")); } catch { /* storage is off: the choice is not kept */ }
  const apply = () => {
    if (names[at]) root.dataset.theme = names[at]; else delete root.dataset.theme;
    button.textContent = ["◐", "☀", "☾"][at];
    button.setAttribute("aria-label", `Colours: ${names[at] || "as the system"}`);
    button.title = button.getAttribute("aria-label");
    if (state.chart) { state.chart.recolor(); chips(); }
  };
  button.addEventListener("click", () => {
    at = (at + 1) % 3;
    try { localStorage.setItem(key, names[at]); } catch { /* as above */ }
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  button.hidden = false;
  apply();
}

start();
