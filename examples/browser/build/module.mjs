// Finds the sections of a core WebAssembly module, the bodies of its functions and its data.

const CODE = 10;
const DATA = 11;
const CORE_MODULE = 1;
const HEADER = 8;
/** The instruction `i32.const`, which gives the address of data. */
const I32_CONST = 0x41;

/** @typedef {{ start: number, end: number }} Range Positions in the bytes. */

/**
 * @typedef {object} Module
 * @property {(Range & { id: number })[]} sections Their contents, after id and size.
 * @property {(Range & { prefix: number })[]} bodies Functions that the module defines; `prefix` is the position of the size.
 * @property {(Range & { address: number })[]} data What the module writes into the memory, and to which address.
 */

/**
 * The largest core module of a component.
 * @param {Uint8Array} component
 * @returns {Range}
 */
export function largestModule(component) {
  const modules = sectionsOf(component).filter(({ id }) => id === CORE_MODULE);
  return modules.reduce((one, other) => (other.end - other.start > one.end - one.start ? other : one));
}

/**
 * @param {Uint8Array} bytes
 * @returns {Module}
 */
export function read(bytes) {
  const sections = sectionsOf(bytes);
  const within = (/** @type {number} */ wanted) => sections.find(({ id }) => id === wanted) ?? { start: 0, end: 0 };
  return { sections, bodies: bodiesIn(bytes, within(CODE)), data: dataIn(bytes, within(DATA)) };
}

/** @param {Uint8Array} bytes */
function sectionsOf(bytes) {
  const sections = [];
  for (let at = HEADER; at < bytes.length; ) {
    const [size, start] = number(bytes, at + 1);
    sections.push({ id: bytes[at], start, end: start + size });
    at = start + size;
  }
  return sections;
}

/**
 * @param {Uint8Array} bytes
 * @param {Range} section
 */
function bodiesIn(bytes, section) {
  const bodies = [];
  if (section.end === 0) return bodies;
  let [, at] = number(bytes, section.start);
  while (at < section.end) {
    const [size, start] = number(bytes, at);
    bodies.push({ prefix: at, start, end: start + size });
    at = start + size;
  }
  return bodies;
}

/**
 * @param {Uint8Array} bytes
 * @param {Range} section
 */
function dataIn(bytes, section) {
  const data = [];
  if (section.end === 0) return data;
  let [, at] = number(bytes, section.start);
  while (at < section.end) {
    if (bytes[at] !== 0 || bytes[at + 1] !== I32_CONST) throw new Error('the module has data in a form that is not expected');
    const [address, afterAddress] = number(bytes, at + 2);
    const [size, start] = number(bytes, afterAddress + 1);
    data.push({ address, start, end: start + size });
    at = start + size;
  }
  return data;
}

/**
 * An unsigned LEB128 number and the position after it. Addresses of data are signed numbers, but never negative.
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {[value: number, next: number]}
 */
export function number(bytes, at) {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at++];
    value += (byte & 127) * factor;
    if (byte < 128 || byte === undefined) return [value, at];
  }
}

/**
 * @param {number} value
 * @returns {number[]}
 */
export function leb(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}
