// The chart: panes under each other over one time axis, with an overview below. Everything is drawn on one canvas.

const AXIS = 22, OVERVIEW = 46, GAP = 10;

class Chart {
  /** `panes`: {title, height, range(view, width), paint(g, box, view, y, colors), text(value), marks}. */
  constructor(host, view, overview) {
    this.view = view;
    this.overview = overview;
    this.panes = [];
    this.host = host;
    this.canvas = element("canvas", { tabIndex: 0, role: "img" });
    this.canvas.setAttribute("aria-label",
      "Chart. Arrow keys move and zoom, 0 shows all, n and p go to the next and the previous trade.");
    this.hint = element("div", { className: "hint" }, "Click the chart to zoom with the wheel; drag to move");
    host.replaceChildren(this.canvas, this.hint);
    this.g = this.canvas.getContext("2d");
    this.cursor = null;
    this.frame = 0;
    this.onCursor = () => {};
    this.onView = () => {};
    this.colors = readColors();
    new ResizeObserver(() => this.resize()).observe(host);
    new Pointer(this);
  }

  setPanes(panes) {
    this.panes = panes;
    this.resize();
  }

  recolor() {
    this.colors = readColors();
    this.redraw();
  }

  resize() {
    const width = this.host.clientWidth, ratio = window.devicePixelRatio || 1;
    const height = this.panes.reduce((sum, pane) => sum + pane.height + GAP, GAP) + AXIS + OVERVIEW;
    this.width = width;
    this.height = height;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.right = width < 520 ? 54 : 68;
    this.draw();
  }

  redraw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.draw(); });
  }

  get inner() { return Math.max(10, this.width - this.right); }

  /** Time under a horizontal position. */
  timeAt(x) { return this.view.from + x / this.inner * this.view.span; }

  draw() {
    const { g, canvas, width, height } = this, ratio = canvas.width / Math.max(1, width);
    if (!this.panes.length) return;
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    g.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    g.textBaseline = "middle";
    let top = GAP;
    const times = timeMarks(this.view.from, this.view.to, this.inner / 80);
    this.grid(times, height - OVERVIEW - AXIS);
    for (const pane of this.panes) {
      this.pane(pane, { x: 0, y: top, w: this.inner, h: pane.height });
      top += pane.height + GAP;
    }
    this.times(times, top - GAP / 2);
    this.paintOverview({ x: 0, y: height - OVERVIEW, w: width, h: OVERVIEW });
    this.paintCursor(top - GAP);
    this.onView(this.view);
  }

  grid(times, bottom) {
    const { g } = this, x = timeX({ x: 0, w: this.inner }, this.view);
    for (const mark of times) {
      g.fillStyle = mark.strong ? this.colors.line : this.colors.hair;
      g.fillRect(Math.round(x(mark.time)), 0, 1, bottom);
    }
  }

  pane(pane, box) {
    const { g, colors } = this;
    const [low, high] = widened(pane.range(this.view, this.inner), pane.room ?? 0.06);
    const head = pane.title && !pane.noScale ? 14 : 0, y = valueY({ ...box, y: box.y + head, h: box.h - head }, low, high);
    pane.box = box;
    g.fillStyle = colors.line;
    if (box.y > GAP) g.fillRect(0, Math.round(box.y - GAP / 2), this.width, 1);
    const found = pane.noScale ? { values: [], step: 1 } : marks(low, high, box.h / 38);
    g.textAlign = "left";
    for (const value of found.values) {
      g.fillStyle = colors.hair;
      g.fillRect(0, Math.round(y(value)), this.inner, 1);
      g.fillStyle = colors.soft;
      g.fillText(pane.text(value, found.step), this.inner + 7, y(value));
    }
    g.save();
    g.beginPath();
    g.rect(0, box.y - 2, this.inner, box.h + 4);
    g.clip();
    pane.paint(g, box, this.view, y, colors);
    g.restore();
    pane.value = (at) => low + (box.y + box.h - at) / (box.h - head) * (high - low);
    if (pane.title) this.label(pane.title(), box);
  }

  label(text, box) {
    const { g, colors } = this;
    g.textAlign = "left";
    const width = g.measureText(text).width;
    g.fillStyle = colors.card;
    g.globalAlpha = 0.8;
    g.fillRect(4, box.y, width + 8, 16);
    g.globalAlpha = 1;
    g.fillStyle = colors.soft;
    g.fillText(text, 8, box.y + 8);
  }

  times(times, top) {
    const { g, colors } = this, x = timeX({ x: 0, w: this.inner }, this.view);
    g.fillStyle = colors.line;
    g.fillRect(0, Math.round(top), this.width, 1);
    g.textAlign = "center";
    for (const mark of times) {
      const at = x(mark.time);
      if (at < 18 || at > this.inner - 10) continue;
      g.fillStyle = mark.strong ? colors.ink : colors.soft;
      g.fillText(mark.text, at, top + AXIS / 2 + 1);
    }
  }

  paintOverview(box) {
    const { g, colors, view } = this, whole = { from: view.first, to: view.last, span: view.last - view.first };
    g.fillStyle = colors.paper;
    g.fillRect(box.x, box.y, box.w, box.h);
    const range = lineRange(this.overview, whole, box.w);
    if (range) {
      const inside = { ...box, y: box.y + 6, h: box.h - 12 };
      paintLine(g, inside, whole, this.overview, valueY(inside, ...range), colors.faint, 1);
    }
    const x = timeX(box, whole), a = Math.max(0, x(view.from)), b = Math.min(box.w, x(view.to));
    g.fillStyle = colors.fill;
    g.fillRect(a, box.y, Math.max(2, b - a), box.h);
    g.fillStyle = colors.accent;
    for (const edge of [a, b - 2]) g.fillRect(edge, box.y, 2, box.h);
    this.window = { ...box, a, b, x, time: (at) => view.first + at / box.w * whole.span };
  }

  paintCursor(bottom) {
    const { g, colors, cursor } = this;
    if (!cursor || cursor.x > this.inner || cursor.y > bottom) return;
    g.strokeStyle = colors.faint;
    g.setLineDash([2, 3]);
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(Math.round(cursor.x) + 0.5, 0);
    g.lineTo(Math.round(cursor.x) + 0.5, bottom);
    const pane = this.panes.find((p) => cursor.y >= p.box.y && cursor.y <= p.box.y + p.box.h && !p.noScale);
    if (pane) {
      g.moveTo(0, Math.round(cursor.y) + 0.5);
      g.lineTo(this.inner, Math.round(cursor.y) + 0.5);
    }
    g.stroke();
    g.setLineDash([]);
    if (pane) this.tag(pane.text(pane.value(cursor.y), null), this.inner + this.right / 2, cursor.y, this.right);
    const text = timeText(Math.round(this.timeAt(cursor.x)));
    const width = g.measureText(text).width + 14;
    this.tag(text, Math.max(width / 2, Math.min(this.inner - width / 2, cursor.x)), bottom + AXIS / 2 + 6, width);
  }

  tag(text, x, y, width) {
    const { g, colors } = this;
    g.fillStyle = colors.ink;
    g.fillRect(x - width / 2, y - 9, width, 18);
    g.fillStyle = colors.card;
    g.textAlign = "center";
    g.fillText(text, x, y);
  }

  moveCursor(cursor) {
    this.cursor = cursor;
    this.onCursor(cursor && cursor.x <= this.inner ? this.timeAt(cursor.x) : null);
    this.redraw();
  }
}

function widened(range, room) {
  if (!range) return [0, 1];
  const [low, high] = range, more = (high - low) * room || Math.abs(high) * 0.01 || 1;
  return [low - more, high + more];
}

/** The colours of the style sheet, as they are now. */
function readColors() {
  const style = getComputedStyle(document.documentElement), of = (name) => style.getPropertyValue(`--${name}`).trim();
  const colors = { up: of("won"), down: of("lost"), volume: of("line") };
  for (const name of ["paper", "card", "ink", "soft", "faint", "line", "hair", "accent", "won", "lost", "fill"]) colors[name] = of(name);
  colors.series = [1, 2, 3, 4, 5, 6].map((k) => of(`s${k}`));
  colors.wonFill = `rgb(${of("won-rgb")} / 12%)`;
  colors.lostFill = `rgb(${of("lost-rgb")} / 16%)`;
  return colors;
}

/** Wheel, drag, pinch, keys and the overview's window. */
class Pointer {
  constructor(chart) {
    this.chart = chart;
    this.held = new Map();
    const on = (name, act, options) => chart.canvas.addEventListener(name, act, options);
    on("wheel", (event) => this.wheel(event), { passive: false });
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) on(name, (event) => this.up(event));
    on("pointerleave", () => chart.moveCursor(null));
    on("dblclick", () => this.all());
    on("keydown", (event) => this.key(event));
  }

  at(event) {
    const box = this.chart.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  all() {
    this.chart.view.show(this.chart.view.first, this.chart.view.last);
    this.chart.redraw();
  }

  /** The wheel scrolls the page until the chart was clicked, so that nobody gets stuck on it. */
  wheel(event) {
    const { chart } = this, sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!sideways && !event.ctrlKey && !event.metaKey && document.activeElement !== chart.canvas) {
      chart.hint.classList.add("on");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => chart.hint.classList.remove("on"), 1200);
      return;
    }
    event.preventDefault();
    if (sideways) chart.view.pan(event.deltaX / chart.inner);
    else chart.view.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * (event.ctrlKey ? 0.012 : 0.004)), this.at(event).x / chart.inner);
    chart.redraw();
  }

  down(event) {
    const { chart } = this, at = this.at(event);
    chart.canvas.setPointerCapture(event.pointerId);
    this.held.set(event.pointerId, at);
    const overview = at.y >= chart.window.y;
    this.mode = overview ? this.grip(at.x) : "move";
    if (this.mode === "jump") this.centre(at.x);
    chart.canvas.classList.add("grab");
  }

  /** What a press in the overview takes hold of. */
  grip(x) {
    const { a, b } = this.chart.window;
    if (Math.abs(x - a) < 8) return "left";
    if (Math.abs(x - b) < 8) return "right";
    return x > a && x < b ? "window" : "jump";
  }

  centre(x) {
    const { view, window } = this.chart, middle = window.time(x);
    view.show(middle - view.span / 2, middle + view.span / 2);
    this.chart.redraw();
  }

  move(event) {
    const { chart } = this, at = this.at(event), before = this.held.get(event.pointerId);
    if (!before) return chart.moveCursor(at);
    if (this.held.size === 2) this.pinch(event.pointerId, at);
    else this.drag(before, at);
    this.held.set(event.pointerId, at);
    chart.moveCursor(event.pointerType === "touch" ? null : at);
  }

  drag(before, at) {
    const { view, inner, window } = this.chart, moved = window.time(at.x) - window.time(before.x);
    if (this.mode === "move") view.pan((before.x - at.x) / inner);
    else if (this.mode === "left") view.show(Math.min(view.from + moved, view.to - view.least), view.to);
    else if (this.mode === "right") view.show(view.from, Math.max(view.to + moved, view.from + view.least));
    else view.show(view.from + moved, view.to + moved);
  }

  pinch(id, at) {
    const other = [...this.held].find(([key]) => key !== id)[1], before = this.held.get(id), { view, inner } = this.chart;
    const wide = Math.max(20, Math.abs(at.x - other.x)), was = Math.max(20, Math.abs(before.x - other.x));
    view.zoom(was / wide, (at.x + other.x) / 2 / inner);
    view.pan((before.x - at.x) / 2 / inner);
  }

  up(event) {
    this.held.delete(event.pointerId);
    this.chart.canvas.classList.remove("grab");
  }

  key(event) {
    const { view } = this.chart, far = event.shiftKey ? 0.5 : 0.1;
    const acts = {
      ArrowLeft: () => view.pan(-far), ArrowRight: () => view.pan(far), ArrowUp: () => view.zoom(0.75), ArrowDown: () => view.zoom(1.33),
      "+": () => view.zoom(0.75), "=": () => view.zoom(0.75), "-": () => view.zoom(1.33), 0: () => view.show(view.first, view.last),
      Home: () => view.show(view.first, view.first + view.span), End: () => view.show(view.last - view.span, view.last),
      n: () => this.chart.step?.(1), p: () => this.chart.step?.(-1), Escape: () => this.chart.canvas.blur(),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
    this.chart.redraw();
  }
}
