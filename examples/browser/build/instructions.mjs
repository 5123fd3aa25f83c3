// Reads the instructions of a function, to find the numbers that can be addresses of data.

import { number } from './module.mjs';

/** @typedef {import('./module.mjs').Range} Range */

const I32_CONST = 0x41;
/** Instructions that read or write memory. The second number is an offset, which can be an address. */
const MEMORY_ACCESS = [0x28, 0x3e];
const NEGATIVE = 0x40;

/** How many LEB128 numbers follow an instruction. None follows those that are missing. */
const NUMBERS = new Map([
  ...each([0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2], 1),
  ...each([0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26], 1),
  ...each([0x11], 2),
  ...each(Array.from({ length: 0x3e - 0x28 + 1 }, (_, index) => 0x28 + index), 2),
]);
/** The same after the prefix 0xfc. */
const PREFIXED = new Map([...each([9, 11, 13, 15, 16, 17], 1), ...each([8, 10, 12, 14], 2)]);
/** How many bytes of a floating-point number follow. */
const BYTES = new Map([
  [0x43, 4],
  [0x44, 8],
]);
const BR_TABLE = 0x0e;
const SELECT_TYPED = 0x1c;
const PREFIX = 0xfc;
/** The last instruction without a prefix in the versions of WebAssembly that the component uses. */
const LAST = 0xd2;

/**
 * The constants and offsets in a function that are not negative.
 * @param {Uint8Array} bytes
 * @param {Range} body
 * @returns {number[]}
 */
export function constants(bytes, { start, end }) {
  const found = [];
  let [count, at] = number(bytes, start);
  for (; count > 0; count--) at = number(bytes, at)[1] + 1;
  while (at < end) {
    const instruction = bytes[at++];
    let numbers = NUMBERS.get(instruction) ?? 0;
    at += BYTES.get(instruction) ?? 0;
    if (instruction === BR_TABLE || instruction === SELECT_TYPED) {
      [numbers, at] = number(bytes, at);
      if (instruction === BR_TABLE) numbers++;
    } else if (instruction === PREFIX) {
      const [operation, next] = number(bytes, at);
      [numbers, at] = [PREFIXED.get(operation) ?? 0, next];
    } else if (instruction > LAST) throw new Error(`the function at ${start} has an unknown instruction: ${instruction}`);
    for (let index = 0; index < numbers; index++) {
      const [value, next] = number(bytes, at);
      const isAddress =
        (instruction === I32_CONST && !(bytes[next - 1] & NEGATIVE)) ||
        (index === 1 && instruction >= MEMORY_ACCESS[0] && instruction <= MEMORY_ACCESS[1]);
      if (isAddress) found.push(value);
      at = next;
    }
  }
  if (at !== end) throw new Error(`the instructions of the function at ${start} do not end with it`);
  return found;
}

/**
 * @param {number[]} instructions
 * @param {number} count
 * @returns {[number, number][]}
 */
function each(instructions, count) {
  return instructions.map((instruction) => [instruction, count]);
}
