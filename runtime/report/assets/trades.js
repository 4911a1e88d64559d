// The trades: as columns for the chart, and as a list that sorts, filters and turns pages.

const PAGE = 50;

class Trades {
  constructor(columns, facts) {
    Object.assign(this, columns);
    this.facts = facts;
    this.count = this.pnl.length;
    this.byEntry = Uint32Array.from({ length: this.count }, (_, k) => k).sort((a, b) => this.entry[a] - this.entry[b]);
    this.entries = Float64Array.from(this.byEntry, (t) => this.entry[t]);
    this.longest = 0;
    for (let t = 0; t < this.count; t++) this.longest = Math.max(this.longest, this.exit[t] - this.entry[t]);
    this.symbol = null;
  }

  /** Places in `byEntry` of the trades that may lie in a span of time. */
  between(from, to) { return [lowerBound(this.entries, from - this.longest), lowerBound(this.entries, to)]; }

  /** Whether the chart's instrument is the trade's. */
  shown(t) { return this.symbol === null || this.facts.instruments[this.instrument[t]].symbol === this.symbol; }

  price(t, ticks) {
    const { price } = this.facts.instruments[this.instrument[t]];
    return fixed(ticks / 10 ** price, price);
  }

  rule(number) { return (this.facts.rules[number] ?? "").replace(/^(entries|exits)\./, ""); }

  /** Trades that match, in order. `filter`: {text, side, result}; `sort`: {key, down}. */
  select(filter, sort) {
    const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean), kept = [];
    for (let t = 0; t < this.count; t++) {
      if (filter.side && this.side[t] !== filter.side) continue;
      if (filter.result && Math.sign(this.pnl[t]) !== filter.result) continue;
      if (words.length && !words.every((word) => this.words(t).includes(word))) continue;
      kept.push(t);
    }
    const key = sort.key, sign = sort.down ? -1 : 1;
    return kept.sort((a, b) => sign * (key(a) - key(b)) || a - b);
  }

  words(t) {
    const { symbol } = this.facts.instruments[this.instrument[t]];
    return `${symbol} ${this.rule(this.entryRule[t])} ${this.rule(this.exitRule[t])} ${timeText(this.entry[t])} ${timeText(this.exit[t])}`.toLowerCase();
  }
}

/** Columns of the list: title, class, sort key, text. */
function tradeColumns(trades, places) {
  const { facts } = trades, unit = 10 ** facts.atoms, gain = (t) => trades.pnl[t] / trades.notional[t];
  const symbol = (t) => facts.instruments[trades.instrument[t]].symbol;
  const base = [
    ["#", "n mid", (t) => t, (t) => String(t + 1)],
    ["Instrument", "mid", (t) => trades.instrument[t], symbol],
    ["Side", "mid", (t) => trades.side[t], (t) => (trades.side[t] > 0 ? "long" : "short")],
    ["Entry", "", (t) => trades.entry[t], (t) => timeText(trades.entry[t])],
    ["Held", "n mid", (t) => trades.exit[t] - trades.entry[t], (t) => spanText(trades.exit[t] - trades.entry[t])],
    ["Quantity", "n wide", (t) => trades.qty[t], (t) => quantity(facts, trades, t)],
    ["Entry price", "n wide", (t) => trades.entryPrice[t], (t) => trades.price(t, trades.entryPrice[t])],
    ["Exit price", "n wide", (t) => trades.exitPrice[t], (t) => trades.price(t, trades.exitPrice[t])],
    [`Profit, ${facts.quote}`, "n pnl", (t) => trades.pnl[t], (t) => fixed(trades.pnl[t] / unit, places, true)],
    ["%", "n pnl", gain, (t) => fixed(100 * gain(t), 2, true)],
    ["Fees", "n wide", (t) => trades.fees[t], (t) => fixed(trades.fees[t] / unit, places)],
    ["Entry rule", "wide", (t) => trades.entryRule[t], (t) => trades.rule(trades.entryRule[t])],
    ["Exit rule", "", (t) => trades.exitRule[t], (t) => trades.rule(trades.exitRule[t])],
  ];
  return base.filter(([title]) => title !== "Instrument" || facts.instruments.length > 1);
}

function quantity(facts, trades, t) {
  const { qty } = facts.instruments[trades.instrument[t]];
  return fixed(trades.qty[t] / 10 ** qty, qty);
}

class TradeList {
  constructor(trades, places, onPick) {
    this.trades = trades;
    this.columns = tradeColumns(trades, places);
    this.onPick = onPick;
    this.filter = { text: "", side: 0, result: 0 };
    this.sort = { column: 0, down: false };
    this.page = 0;
    this.selected = -1;
    this.host = document.getElementById("trade-list");
    this.tools();
    this.body = element("tbody");
    this.heads = this.columns.map((column, k) => this.head(column, k));
    const table = element("table", { className: "list" }, element("thead", {}, element("tr", {}, ...this.heads)), this.body);
    this.pager = element("div", { className: "pager" });
    this.host.replaceChildren(element("div", { className: "scroll" }, table), this.pager);
    this.body.addEventListener("click", (event) => this.pick(event.target.closest("tr")));
    this.body.addEventListener("keydown", (event) => this.key(event));
    this.update();
  }

  tools() {
    const host = document.getElementById("trade-tools"), refresh = () => { this.page = 0; this.update(); };
    const text = element("input", { type: "search", placeholder: "Filter: rule, date, instrument" });
    text.setAttribute("aria-label", "Filter trades");
    text.addEventListener("input", () => { this.filter.text = text.value; refresh(); });
    const choice = (label, options, key) => {
      const select = element("select", {}, ...options.map(([value, title]) => element("option", { value }, title)));
      select.setAttribute("aria-label", label);
      select.addEventListener("change", () => { this.filter[key] = Number(select.value); refresh(); });
      return select;
    };
    host.replaceChildren(text, choice("Result", [[0, "won and lost"], [1, "won"], [-1, "lost"]], "result"),
      choice("Side", [[0, "long and short"], [1, "long"], [-1, "short"]], "side"));
    host.hidden = false;
  }

  head([title, kind], k) {
    const button = element("button", { type: "button" }, title);
    button.addEventListener("click", () => {
      this.sort = { column: k, down: this.sort.column === k ? !this.sort.down : kind.includes("pnl") };
      this.page = 0;
      this.update();
    });
    return element("th", { scope: "col", className: kind }, button);
  }

  update() {
    const key = this.columns[this.sort.column][2];
    this.order = this.trades.select(this.filter, { key, down: this.sort.down });
    this.heads.forEach((head, k) => {
      if (k === this.sort.column) head.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    this.show();
  }

  show() {
    const first = this.page * PAGE, rows = this.order.slice(first, first + PAGE).map((t) => this.row(t));
    if (!rows.length) rows.push(element("tr", {}, element("td", { colSpan: this.columns.length, className: "note" }, "No trade matches.")));
    this.body.replaceChildren(...rows);
    const pages = Math.ceil(this.order.length / PAGE), last = Math.min(first + PAGE, this.order.length);
    const turn = (text, label, page) => {
      const button = element("button", { type: "button", disabled: page < 0 || page >= pages || page === this.page }, text);
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => { this.page = page; this.show(); });
      return button;
    };
    const range = rows.length && this.order.length ? `${fixed(first + 1, 0)}–${fixed(last, 0)} of ${fixed(this.order.length, 0)}` : "";
    this.pager.replaceChildren(element("span", { className: "at" }, range), turn("«", "First page", 0), turn("‹", "Previous page", this.page - 1),
      turn("›", "Next page", this.page + 1), turn("»", "Last page", pages - 1));
    this.pager.hidden = pages < 2;
  }

  row(t) {
    const cells = this.columns.map(([, kind, , text]) => {
      const tone = kind.includes("pnl") ? (this.trades.pnl[t] > 0 ? " won" : this.trades.pnl[t] < 0 ? " lost" : "") : "";
      return element("td", { className: kind.replace(" pnl", "") + tone }, text(t));
    });
    const row = element("tr", { tabIndex: 0, title: "Show in the chart" }, ...cells);
    row.dataset.trade = t;
    row.setAttribute("aria-selected", String(t === this.selected));
    return row;
  }

  key(event) {
    const row = event.target.closest("tr");
    if (event.key === "Enter" || event.key === " ") this.pick(row);
    else if (event.key === "ArrowDown") row.nextElementSibling?.focus();
    else if (event.key === "ArrowUp") row.previousElementSibling?.focus();
    else return;
    event.preventDefault();
  }

  pick(row) {
    if (row?.dataset.trade === undefined) return;
    this.select(Number(row.dataset.trade));
    this.onPick(this.selected, true);
  }

  /** Mark a trade, and turn to its page if the filter shows it. */
  select(t) {
    this.selected = t;
    const at = this.order.indexOf(t);
    if (at >= 0) this.page = Math.floor(at / PAGE);
    this.show();
  }
}
