// Finds the functions of a core module that a workload calls: a copy of the module notes each in a global variable.

import { leb, number, read } from './module.mjs';

const GLOBAL = 6;
const EXPORT = 7;
const CODE = 10;
/** A mutable `i32` that begins with 0. */
const ZERO = [0x7f, 0x01, 0x41, 0x00, 0x0b];
const SET_TO_ONE = [0x41, 0x01, 0x24];
const MARK = '#';

/**
 * @param {Uint8Array} bytes A core module that imports no globals.
 * @param {(module: WebAssembly.Module, seen: (exports: WebAssembly.Exports) => void) => void} work Instantiates the module, hands
 * over the exports of each instance, and calls what it wants.
 * @returns {Set<number>} The functions that were called, as indexes of the module's bodies.
 */
export function called(bytes, work) {
  const { sections, bodies } = read(bytes);
  /** @type {WebAssembly.Exports[]} */
  const instances = [];
  work(new WebAssembly.Module(noting(bytes, sections, bodies)), (exports) => instances.push(exports));
  const isCalled = (/** @type {number} */ index) =>
    instances.some((exports) => /** @type {WebAssembly.Global} */ (exports[MARK + index]).value === 1);
  return new Set([...bodies.keys()].filter(isCalled));
}

/**
 * @param {Uint8Array} bytes
 * @param {import('./module.mjs').Module['sections']} sections
 * @param {import('./module.mjs').Module['bodies']} bodies
 */
function noting(bytes, sections, bodies) {
  const globals = sections.find(({ id }) => id === GLOBAL);
  if (!globals) throw new Error('the module has no globals');
  const [first] = number(bytes, globals.start);
  const longer = (/** @type {import('./module.mjs').Range} */ { start, end }, /** @type {Uint8Array[]} */ added) => {
    const [count, at] = number(bytes, start);
    return Buffer.concat([Buffer.from(leb(count + added.length)), bytes.subarray(at, end), ...added]);
  };
  const contents = {
    [GLOBAL]: (section) => longer(section, bodies.map(() => Buffer.from(ZERO))),
    [EXPORT]: (section) =>
      longer(
        section,
        bodies.map((_, index) => {
          const name = Buffer.from(MARK + index);
          return Buffer.from([...leb(name.length), ...name, 0x03, ...leb(first + index)]);
        }),
      ),
    [CODE]: () =>
      Buffer.concat([
        Buffer.from(leb(bodies.length)),
        ...bodies.flatMap((body, index) => {
          const code = afterLocals(bytes, body.start);
          const note = Buffer.from([...SET_TO_ONE, ...leb(first + index)]);
          const whole = [bytes.subarray(body.start, code), note, bytes.subarray(code, body.end)];
          return [Buffer.from(leb(body.end - body.start + note.length)), ...whole];
        }),
      ]),
  };
  const written = sections.flatMap((section) => {
    const content = contents[section.id]?.(section) ?? bytes.subarray(section.start, section.end);
    return [Buffer.from([section.id, ...leb(content.length)]), content];
  });
  return Buffer.concat([bytes.subarray(0, 8), ...written]);
}

/**
 * The position of a function's first instruction.
 * @param {Uint8Array} bytes
 * @param {number} start
 */
function afterLocals(bytes, start) {
  let [count, at] = number(bytes, start);
  for (; count > 0; count--) at = number(bytes, at)[1] + 1;
  return at;
}
