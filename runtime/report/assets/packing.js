// Reads the columns that packing.py wrote: base64, deflate, byte planes, zigzag, differences.

/** Every column of a group as a Float64Array, by name. */
async function unpack(group, heads) {
  const bytes = await inflate(document.getElementById(`data-${group}`).textContent);
  const found = {};
  let at = 0;
  for (const [name, count, planes, start, step, differences] of heads) {
    const size = Math.max(0, count - differences);
    const values = new Float64Array(count);
    readNumbers(values.subarray(differences ? 1 : 0), bytes, at, size, planes, step);
    at += planes * size;
    if (differences && count) {
      values[0] = start;
      for (let k = 1; k < count; k++) values[k] += values[k - 1];
    }
    found[name] = values;
  }
  return found;
}

async function inflate(text) {
  const raw = atob(text.trim());
  const bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) bytes[k] = raw.charCodeAt(k);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Numbers of `planes` bytes each, lowest plane first. Up to three planes fit the fast integer way. */
function readNumbers(out, bytes, at, size, planes, step) {
  if (!planes) return out.fill(step, 0, size);
  if (planes <= 3) {
    const a = at, b = planes > 1 ? at + size : -1, c = planes > 2 ? at + 2 * size : -1;
    for (let k = 0; k < size; k++) {
      const n = bytes[a + k] | (b < 0 ? 0 : bytes[b + k] << 8) | (c < 0 ? 0 : bytes[c + k] << 16);
      out[k] = (n >>> 1) ^ -(n & 1);
    }
    return out;
  }
  for (let k = 0; k < size; k++) {
    let n = 0;
    for (let p = planes - 1; p >= 0; p--) n = n * 256 + bytes[at + p * size + k];
    out[k] = n % 2 ? -(n + 1) / 2 : n / 2;
  }
  return out;
}
