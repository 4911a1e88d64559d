// What part of time is shown, and how values become pixels.

class View {
  constructor(first, last, least) {
    this.first = first;
    this.last = Math.max(last, first + least);
    this.least = least;
    this.from = this.first;
    this.to = this.last;
  }

  get span() { return this.to - this.from; }

  /** Show [from, to], kept inside the data with a little room at both ends. */
  show(from, to) {
    const whole = this.last - this.first, room = 0.02 * Math.min(whole, to - from);
    const span = Math.min(Math.max(to - from, this.least), whole + 2 * room);
    const middle = (from + to) / 2;
    this.from = Math.max(this.first - room, Math.min(middle - span / 2, this.last + room - span));
    this.to = this.from + span;
  }

  zoom(factor, share = 0.5) {
    const at = this.from + share * this.span, span = Math.max(this.least, this.span * factor);
    this.show(at - share * span, at + (1 - share) * span);
  }

  pan(share) { this.show(this.from + share * this.span, this.to + share * this.span); }
}

/** Round steps for about `count` marks between two values. */
function marks(low, high, count) {
  const raw = (high - low) / Math.max(1, count), power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((s) => s >= raw * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(k * step);
  return { step, values: found };
}

const TIME_STEPS = [SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR,
  6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY];
const MONTH_STEPS = [1, 3, 6, 12, 24, 60];

/** Marks of the time axis: {time, text, strong}; strong ones begin a day, a month or a year. */
function timeMarks(from, to, count) {
  const raw = (to - from) / Math.max(1, count), step = TIME_STEPS.find((s) => s >= raw);
  if (!step) return monthMarks(from, to, raw);
  const found = [], offset = step === 7 * DAY ? MONDAY : 0;
  for (let t = Math.ceil((from + offset) / step) * step - offset; t <= to; t += step) {
    const d = utc(t), midnight = t % DAY === 0;
    const text = !midnight ? `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}${step < MINUTE ? ":" + two(d.getUTCSeconds()) : ""}`
      : `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]}`;
    found.push({ time: t, text, strong: midnight && step < DAY });
  }
  return found;
}

function monthMarks(from, to, raw) {
  const step = MONTH_STEPS.find((n) => n * 30.4 * DAY >= raw) ?? 120, found = [];
  const start = utc(from), first = start.getUTCFullYear() * 12 + start.getUTCMonth();
  for (let m = Math.ceil(first / step) * step; ; m += step) {
    const t = Date.UTC(Math.floor(m / 12), m % 12, 1) * 1000;
    if (t > to) return found;
    if (t >= from) found.push({ time: t, text: m % 12 ? MONTHS[m % 12] : String(Math.floor(m / 12)), strong: m % 12 === 0 });
  }
}
