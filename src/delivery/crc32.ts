/** Checksum of a body: CRC-32 of its UTF-8 bytes, as an unsigned 32-bit integer. */
export type Checksum = (body: string) => number;

const TABLE = makeTable();

/**
 * CRC-32 (IEEE 802.3, as in zlib and PNG) in TypeScript, for code that must not import Node.
 *
 * A lone surrogate counts as U+FFFD, as in every UTF-8 encoder.
 */
export function crc32(body: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < body.length; index += 1) {
    const unit = body.charCodeAt(index);
    if (unit < 0x80) {
      crc = step(crc, unit);
    } else {
      const point = codePointAt(body, index, unit);
      if (point > 0xffff) index += 1;
      crc = stepPoint(crc, point);
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function step(crc: number, byte: number): number {
  return (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
}

function stepPoint(before: number, point: number): number {
  if (point < 0x800) return step(step(before, 0xc0 | (point >> 6)), 0x80 | (point & 0x3f));
  let crc = before;
  if (point < 0x10000) {
    crc = step(crc, 0xe0 | (point >> 12));
  } else {
    crc = step(crc, 0xf0 | (point >> 18));
    crc = step(crc, 0x80 | ((point >> 12) & 0x3f));
  }
  crc = step(crc, 0x80 | ((point >> 6) & 0x3f));
  return step(crc, 0x80 | (point & 0x3f));
}

function codePointAt(text: string, index: number, unit: number): number {
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  const low = unit < 0xdc00 ? text.charCodeAt(index + 1) : 0;
  return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
}

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    table[byte] = value;
  }
  return table;
}
