// Cuts a component in two parts: a core module with the functions that the first answers need, and all that is not in it.
//
// In the first part the other functions trap, and texts that no function of it refers to are zero. Both parts together give the
// component back, byte for byte.

import { constants } from './instructions.mjs';
import { leb, read } from './module.mjs';

const CODE = 10;
const DATA = 11;
/** A function without locals whose only instruction is `unreachable`, with its size before it. */
const TRAP = [0x03, 0x00, 0x00, 0x0b];
const ADDRESS_SIZE = 4;
/** Bytes of data. */
const WORTHWHILE = 64;

/** @typedef {import('./module.mjs').Range} Range */
/** @typedef {{ bytes: Uint8Array } | { copy: Range }} Piece A copy is a range of the component. */

/**
 * @param {Uint8Array} component
 * @param {Range} core The module in it.
 * @param {Set<number>} wanted The functions, as indexes of the module's bodies.
 * @returns {{ first: Uint8Array, rest: Uint8Array }}
 */
export function cut(component, core, wanted) {
  const bytes = component.subarray(core.start, core.end);
  const { sections, bodies, data } = read(bytes);
  const copy = (/** @type {number} */ start, /** @type {number} */ end) => ({
    copy: { start: core.start + start, end: core.start + end },
  });
  const contents = {
    [CODE]: () => [
      { bytes: Uint8Array.from(leb(bodies.length)) },
      ...bodies.map((body, index) => (wanted.has(index) ? copy(body.prefix, body.end) : { bytes: Uint8Array.from(TRAP) })),
    ],
    [DATA]: ({ start, end }) => {
      const pieces = [];
      let at = start;
      for (const range of unused(bytes, bodies, data, wanted)) {
        pieces.push(copy(at, range.start), { bytes: new Uint8Array(range.end - range.start) });
        at = range.end;
      }
      return [...pieces, copy(at, end)];
    },
  };
  /** @type {Piece[]} */
  const pieces = [copy(0, 8)];
  for (const section of sections) {
    const content = contents[section.id]?.(section) ?? [copy(section.start, section.end)];
    const size = content.reduce((sum, piece) => sum + lengthOf(piece), 0);
    pieces.push({ bytes: Uint8Array.from([section.id, ...leb(size)]) }, ...content);
  }
  return { first: joined(component, pieces), rest: remaining(component, pieces) };
}

/** @param {Piece} piece */
function lengthOf(piece) {
  return 'bytes' in piece ? piece.bytes.length : piece.copy.end - piece.copy.start;
}

/**
 * @param {Uint8Array} component
 * @param {Piece[]} pieces
 */
function joined(component, pieces) {
  return Buffer.concat(pieces.map((piece) => ('bytes' in piece ? piece.bytes : component.subarray(piece.copy.start, piece.copy.end))));
}

/**
 * The bytes of the component that are in no copy. Before them stands how to put both together: the number of steps, and for each
 * step how many bytes to take from here, to skip in the first part, and to take from it.
 * @param {Uint8Array} component
 * @param {Piece[]} pieces
 */
function remaining(component, pieces) {
  /** @type {[take: number, skip: number, copy: number][]} */
  const steps = [];
  const bytes = [];
  let at = 0;
  let skip = 0;
  for (const piece of pieces) {
    if ('bytes' in piece) {
      skip += piece.bytes.length;
      continue;
    }
    const { start, end } = piece.copy;
    if (start === end) continue;
    const last = steps.at(-1);
    if (last && start === at && skip === 0) last[2] += end - start;
    else steps.push([start - at, skip, end - start]);
    bytes.push(component.subarray(at, start));
    [at, skip] = [end, 0];
  }
  bytes.push(component.subarray(at));
  return Buffer.concat([Buffer.from([...leb(steps.length), ...steps.flat().flatMap(leb)]), ...bytes]);
}

/**
 * Texts that the wanted functions cannot refer to, in order.
 *
 * A text begins at an address that stands in a function, and ends at the next address that stands anywhere. Texts whose address stands
 * in other data are never among them, nor is anything else than text: lists can be reached by addresses that are computed.
 * @param {Uint8Array} bytes
 * @param {import('./module.mjs').Module['bodies']} bodies
 * @param {import('./module.mjs').Module['data']} data
 * @param {Set<number>} wanted
 * @returns {Range[]}
 */
function unused(bytes, bodies, data, wanted) {
  const inFunctions = bodies.map((body) => constants(bytes, body));
  const kept = new Set([...data.flatMap((one) => wordsIn(bytes, one)), ...inFunctions.filter((_, index) => wanted.has(index)).flat()]);
  const starts = [...new Set([...kept, ...inFunctions.flat()])].sort((one, other) => one - other);
  const ranges = [];
  let at = 0;
  for (const segment of data) {
    const end = segment.address + segment.end - segment.start;
    while (starts[at] < segment.address) at++;
    for (; starts[at] < end; at++) {
      const from = segment.start + starts[at] - segment.address;
      const range = { start: from, end: Math.min(segment.end, from + (starts[at + 1] ?? end) - starts[at]) };
      if (!kept.has(starts[at]) && isText(bytes, range)) ranges.push(range);
    }
  }
  return merged(ranges);
}

/**
 * @param {Uint8Array} bytes
 * @param {Range} range
 */
function isText(bytes, { start, end }) {
  const SPACE = 0x20;
  const LINE_FEED = 0x0a;
  return bytes.subarray(start, end).every((byte) => byte >= SPACE || byte === LINE_FEED);
}

/**
 * The ranges that are worth it: neighbours are one, and short ones are left out, because each costs bytes and compresses worse.
 * @param {Range[]} ranges
 */
function merged(ranges) {
  /** @type {Range[]} */
  const longer = [];
  for (const range of ranges) {
    const last = longer.at(-1);
    if (last?.end === range.start) last.end = range.end;
    else longer.push({ ...range });
  }
  return longer.filter(({ start, end }) => end - start >= WORTHWHILE);
}

/**
 * What can be addresses in data: its aligned words.
 * @param {Uint8Array} bytes
 * @param {import('./module.mjs').Module['data'][0]} segment
 */
function wordsIn(bytes, { address, start, end }) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = [];
  const first = start + ((ADDRESS_SIZE - (address % ADDRESS_SIZE)) % ADDRESS_SIZE);
  for (let at = first; at + ADDRESS_SIZE <= end; at += ADDRESS_SIZE) words.push(view.getUint32(at, true));
  return words;
}
