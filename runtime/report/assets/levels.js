// Level of detail: bars merged to longer bars, and lines as the least and greatest value of ever longer runs.

const PERIODS = [1, 5, 15, 30].map((n) => n * SECOND)
  .concat([1, 5, 15, 30].map((n) => n * MINUTE), [1, 2, 4, 8].map((n) => n * HOUR), [1, 3, 7, 28, 91].map((n) => n * DAY));
const MONDAY = 3 * DAY; // 1970-01-05 was a Monday; weeks begin there

/** Index of the first value that is not below `wanted`. */
function lowerBound(values, wanted, low = 0, high = values.length) {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1; else high = middle;
  }
  return low;
}

class Bars {
  constructor(columns, period) {
    this.levels = [{ period, ...restored(columns) }];
    this.period = period;
  }

  get base() { return this.levels[0]; }

  /** The finest level of which at most `most` bars lie in a span of time. */
  level(span, most) {
    if (span / this.period <= most) return this.base;
    const wanted = PERIODS.find((p) => p > this.period && p % this.period === 0 && span / p <= most) ?? PERIODS.at(-1);
    let found = this.levels.find((level) => level.period === wanted);
    if (!found) this.levels.push(found = this.merge(wanted));
    return found;
  }

  /** Make the levels that a view may ask for, one at a time while nothing else is to be done. */
  prepare(span, most) {
    const next = PERIODS.find((p) => p > this.period && p % this.period === 0 && span / p > most / 20 && !this.levels.some((l) => l.period === p));
    if (!next) return;
    const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 50));
    idle(() => { this.levels.push(this.merge(next)); this.prepare(span, most); });
  }

  merge(period) {
    const made = this.levels.filter((level) => period % level.period === 0 && level.period < period);
    return mergeBars(made.reduce((a, b) => (a.period > b.period ? a : b), this.base), period);
  }
}

/** Prices from what the columns keep: the gap to the last close, the body, and the wicks. */
function restored({ time, gap, body, above, below, volume }) {
  const n = time.length, open = gap, close = body, high = above, low = below;
  for (let k = 0, last = 0; k < n; k++) {
    open[k] += last;
    last = close[k] += open[k];
    high[k] += Math.max(open[k], last);
    low[k] = Math.min(open[k], last) - low[k];
  }
  return { time, open, high, low, close, volume };
}

function mergeBars(from, period) {
  const n = from.time.length, most = Math.min(n, Math.ceil((from.time[n - 1] - from.time[0]) / period) + 2);
  const out = { period };
  for (const name of ["time", "open", "high", "low", "close", "volume"]) out[name] = new Float64Array(most);
  let at = -1, slot = NaN;
  for (let k = 0; k < n; k++) {
    const own = Math.floor((from.time[k] + MONDAY) / period);
    if (own !== slot) {
      slot = own;
      at++;
      out.time[at] = own * period - MONDAY;
      out.open[at] = from.open[k];
      out.high[at] = from.high[k];
      out.low[at] = from.low[k];
    } else {
      if (from.high[k] > out.high[at]) out.high[at] = from.high[k];
      if (from.low[k] < out.low[at]) out.low[at] = from.low[k];
    }
    out.close[at] = from.close[k];
    out.volume[at] += from.volume[k];
  }
  for (const name of Object.keys(out)) if (name !== "period") out[name] = out[name].subarray(0, at + 1);
  return out;
}

const BLOCK = 4;

/** A line of values (NaN: absent) over ascending times. */
class Line {
  constructor(time, value) {
    this.time = time;
    this.value = value;
    this.levels = [];
    for (let size = BLOCK, last = { low: value, high: value }; value.length / size > 256; size *= BLOCK) {
      this.levels.push(last = { size, ...extremes(last) });
    }
  }

  /** Value at or before a time. */
  at(us) {
    const k = lowerBound(this.time, us + 1) - 1;
    return k < 0 ? NaN : this.value[k];
  }

  /** Runs of about equal length over [from, to]: {first, size, low, high} of the level that suits `most` runs. */
  runs(from, to, most) {
    const first = Math.max(0, lowerBound(this.time, from) - 1), end = Math.min(this.time.length, lowerBound(this.time, to) + 1);
    let level = null;
    for (const found of this.levels) if ((end - first) / found.size >= most) level = found;
    return level ? { first: Math.floor(first / level.size), end: Math.ceil(end / level.size), ...level }
      : { first, end, size: 1, low: this.value, high: this.value };
  }
}

function extremes({ low, high }) {
  const n = Math.ceil(low.length / BLOCK), least = new Float64Array(n).fill(NaN), greatest = new Float64Array(n).fill(NaN);
  for (let k = 0; k < low.length; k++) {
    const b = (k / BLOCK) | 0;
    if (!(low[k] >= least[b])) if (low[k] === low[k]) least[b] = low[k];
    if (!(high[k] <= greatest[b])) if (high[k] === high[k]) greatest[b] = high[k];
  }
  return { low: least, high: greatest };
}
