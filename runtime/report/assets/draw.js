// Painting one pane. `box` is {x, y, w, h} in CSS pixels; `view` the shown time; `y` turns a value into pixels.
// Rectangles are filled one by one: a path of thousands of them is slow to fill.

const timeX = (box, view) => { const k = box.w / view.span; return (t) => box.x + (t - view.from) * k; };
const valueY = (box, low, high) => { const k = box.h / (high - low || 1); return (v) => box.y + (high - v) * k; };

function paintBars(g, box, view, level, y, colors) {
  const x = timeX(box, view), w = level.period * box.w / view.span;
  const first = Math.max(0, lowerBound(level.time, view.from) - 1), end = lowerBound(level.time, view.to);
  const body = 1 + 2 * Math.round(Math.max(0, Math.min(w * 0.72, 15) - 1) / 2), thin = w < 3.5; // odd: the wick stands in the middle
  for (const up of [true, false]) {
    g.fillStyle = up ? colors.up : colors.down;
    for (let k = first; k < end; k++) {
      const open = level.open[k], close = level.close[k];
      if (close >= open !== up) continue;
      const middle = Math.round(x(level.time[k] + level.period / 2)), top = y(level.high[k]);
      g.fillRect(middle, top, 1, Math.max(1, y(level.low[k]) - top));
      if (thin) continue;
      const a = y(Math.max(open, close));
      g.fillRect(middle + 0.5 - body / 2, a, body, Math.max(1, y(Math.min(open, close)) - a));
    }
  }
}

function paintVolume(g, box, view, level, colors) {
  const x = timeX(box, view), w = level.period * box.w / view.span;
  const first = Math.max(0, lowerBound(level.time, view.from) - 1), end = lowerBound(level.time, view.to);
  let most = 0;
  for (let k = first; k < end; k++) if (level.volume[k] > most) most = level.volume[k];
  if (!most) return;
  const height = box.h * 0.14, body = Math.max(1, Math.min(w * 0.72, 14));
  g.fillStyle = colors.volume;
  for (let k = first; k < end; k++) {
    const h = level.volume[k] / most * height;
    g.fillRect(x(level.time[k] + level.period / 2) - body / 2, box.y + box.h - h, body, h);
  }
}

/** Least and greatest of a line in view, or null. */
function lineRange(line, view, most) {
  const runs = line.runs(view.from, view.to, most);
  let low = Infinity, high = -Infinity;
  for (let k = runs.first; k < runs.end; k++) {
    if (runs.low[k] < low) low = runs.low[k];
    if (runs.high[k] > high) high = runs.high[k];
  }
  return low <= high ? [low, high] : null;
}

/** The outline of a line: each column of pixels goes through its least and greatest value, the nearer one first. */
function tracePath(g, box, view, line, y) {
  const x = timeX(box, view), runs = line.runs(view.from, view.to, box.w), n = line.time.length;
  let pen = false, last = 0, start = 0, end = 0, k = runs.first;
  g.beginPath();
  while (k < runs.end) {
    let low = runs.low[k], high = runs.high[k];
    const at = x(line.time[Math.min(k * runs.size, n - 1)]), limit = Math.floor(at) + 1;
    for (k++; k < runs.end && x(line.time[Math.min(k * runs.size, n - 1)]) < limit; k++) {
      if (!(runs.low[k] >= low)) low = runs.low[k];
      if (!(runs.high[k] <= high)) high = runs.high[k];
    }
    if (low !== low) { pen = false; continue; }
    const a = y(low), b = y(high), near = Math.abs(a - last) < Math.abs(b - last) ? a : b;
    if (pen) g.lineTo(at, near); else { g.moveTo(at, near); start = at; }
    last = near === a ? b : a;
    if (a !== b) g.lineTo(at, last);
    pen = true;
    end = at;
  }
  return { start, end };
}

function paintLine(g, box, view, line, y, color, width = 1.3) {
  tracePath(g, box, view, line, y);
  g.strokeStyle = color;
  g.lineWidth = width;
  g.lineJoin = "bevel";
  g.stroke();
}

/** A line sampled at the end of each bar, so that it lies as calm over merged bars as they do. */
function paintOverBars(g, box, view, line, level, y, color) {
  const x = timeX(box, view), first = Math.max(0, lowerBound(level.time, view.from) - 2);
  let pen = false;
  g.beginPath();
  for (let k = first; k < level.time.length && level.time[k] <= view.to; k++) {
    const value = line.at(level.time[k] + level.period);
    if (value !== value) { pen = false; continue; }
    const at = x(level.time[k] + level.period / 2);
    if (pen) g.lineTo(at, y(value)); else g.moveTo(at, y(value));
    pen = true;
  }
  g.strokeStyle = color;
  g.lineWidth = 1.3;
  g.lineJoin = "round";
  g.stroke();
}

function paintArea(g, box, view, line, y, base, color, fill) {
  paintLine(g, box, view, line, y, color, 1.4);
  const { start, end } = tracePath(g, box, view, line, y);
  g.lineTo(end, base);
  g.lineTo(start, base);
  g.fillStyle = fill;
  g.fill();
}

/** Stretches in which a condition held, as a lane. */
function paintMarks(g, box, view, edges, color) {
  const x = timeX(box, view);
  g.fillStyle = color;
  let at = -Infinity;
  for (let k = Math.max(0, lowerBound(edges, view.from) - 1) & ~1; k + 1 < edges.length && edges[k] <= view.to; k += 2) {
    const a = Math.max(box.x, x(edges[k])), b = Math.max(a + 1, x(edges[k + 1]));
    if (b <= at) continue;
    g.fillRect(Math.max(a, at), box.y, b - Math.max(a, at), box.h);
    at = b;
  }
}

const MANY = 500;

/** Entries and exits, unless there are too many to tell apart. One path for each colour: strokes are what costs. */
function paintTrades(g, box, view, trades, y, colors, selected) {
  const [first, end] = trades.between(view.from, view.to);
  if (end - first > MANY) return;
  const shown = [];
  for (let k = first; k < end; k++) {
    const t = trades.byEntry[k];
    if (trades.exit[t] >= view.from && trades.shown(t) && t !== selected) shown.push(t);
  }
  const x = timeX(box, view), place = { x, y, trades }, won = shown.filter((t) => trades.pnl[t] >= 0), lost = shown.filter((t) => trades.pnl[t] < 0);
  tradeLines(g, place, won, colors.won, 1.1, shown.length < 120);
  tradeLines(g, place, lost, colors.lost, 1.1, shown.length < 120);
  tradeArrows(g, place, shown, "entry", 5, colors.ink, colors.card);
  tradeArrows(g, place, won, "exit", 5, colors.won, colors.card);
  tradeArrows(g, place, lost, "exit", 5, colors.lost, colors.card);
  if (selected >= 0 && trades.shown(selected)) paintSelected(g, box, place, selected, colors);
}

function paintSelected(g, box, place, t, colors) {
  const { trades, x } = place, color = trades.pnl[t] >= 0 ? colors.won : colors.lost, a = x(trades.entry[t]);
  g.fillStyle = colors.fill;
  g.fillRect(a, box.y, Math.max(2, x(trades.exit[t]) - a), box.h);
  tradeLines(g, place, [t], color, 2, false);
  tradeArrows(g, place, [t], "entry", 7, colors.ink, colors.card);
  tradeArrows(g, place, [t], "exit", 7, color, colors.card);
}

function tradeLines(g, { x, y, trades }, shown, color, width, dashed) {
  g.beginPath();
  for (const t of shown) {
    g.moveTo(x(trades.entry[t]), y(trades.entryPrice[t]));
    g.lineTo(x(trades.exit[t]), y(trades.exitPrice[t]));
  }
  g.strokeStyle = color;
  g.lineWidth = width;
  g.setLineDash(dashed ? [3, 2] : []);
  g.stroke();
  g.setLineDash([]);
}

/** Triangles at the prices: what buys points up from below, what sells points down from above. */
function tradeArrows(g, { x, y, trades }, shown, end, size, color, edge) {
  g.beginPath();
  for (const t of shown) {
    const up = trades.side[t] > 0 === (end === "entry") ? 1 : -1, at = x(trades[end][t]), tip = y(trades[`${end}Price`][t]) + 2 * up;
    g.moveTo(at, tip);
    g.lineTo(at - size * 0.8, tip + up * size * 1.5);
    g.lineTo(at + size * 0.8, tip + up * size * 1.5);
    g.closePath();
  }
  if (shown.length < 120) {
    g.strokeStyle = edge;
    g.lineWidth = 2;
    g.stroke();
  }
  g.fillStyle = color;
  g.fill();
}

/** How many trades were won and lost in each column of pixels. */
function paintCrowd(g, box, view, trades, colors) {
  const [first, end] = trades.between(view.from, view.to);
  const columns = Math.floor(box.w / 3), won = new Uint32Array(columns), lost = new Uint32Array(columns);
  let most = 1;
  for (let k = first; k < end; k++) {
    const t = trades.byEntry[k], at = Math.floor((trades.entry[t] - view.from) / view.span * columns);
    if (at < 0 || at >= columns) continue;
    (trades.pnl[t] >= 0 ? won : lost)[at]++;
    most = Math.max(most, won[at], lost[at]);
  }
  const height = box.h / 2, middle = Math.round(box.y + height);
  for (const [counts, color, sign] of [[won, colors.won, -1], [lost, colors.lost, 1]]) {
    g.fillStyle = color;
    for (let c = 0; c < columns; c++) {
      if (!counts[c]) continue;
      const h = Math.max(1, counts[c] / most * (height - 1));
      g.fillRect(box.x + c * 3, sign < 0 ? middle - h : middle, 2, h);
    }
  }
}
