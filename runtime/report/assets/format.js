// Numbers and UTC times as text. Times are microseconds since 1970.

const SECOND = 1e6, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (n) => String(n).padStart(2, "0");
const utc = (us) => new Date(us / 1000);

const FORMATS = []; // by places: making one is slow

function fixed(value, places, plus = false) {
  if (!Number.isFinite(value)) return "–";
  const text = (FORMATS[places] ??= new Intl.NumberFormat("en-US", { minimumFractionDigits: places, maximumFractionDigits: places })).format(Math.abs(value));
  const zero = !/[1-9]/.test(text);
  return (zero ? "" : value < 0 ? "−" : plus ? "+" : "") + text;
}

/** Places that show a step of this size. */
const placesFor = (step) => Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));

function timeText(us) {
  const d = utc(us);
  const day = `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
  const rest = us % MINUTE ? `:${two(d.getUTCSeconds())}` : "";
  return `${day} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}${rest}`;
}

function spanText(us) {
  if (us < SECOND) return `${Math.round(us / 1000)}ms`;
  const parts = [];
  let rest = Math.round(us / SECOND);
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]]) {
    if (rest >= size) parts.push(`${Math.floor(rest / size)}${unit}`);
    rest %= size;
  }
  return parts.slice(0, 2).join(" ");
}

/** An element with text or children; nothing here ever parses HTML. */
function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in node && key !== "list") node[key] = value; else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}
