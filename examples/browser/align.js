// Aligns two strings, so that their differences are in the same columns.

/**
 * @typedef {object} Stretch A run of columns that are all equal or all different.
 * @property {boolean} same
 * @property {string[]} one Characters of the first string; Unicode scalar values.
 * @property {string[]} other Characters of the second string.
 */

/** The middle is not aligned if it needs more cells than this. */
const MAX_CELLS = 250_000;
/** Shorter runs of equal characters inside a difference are coincidence and would make it harder to read. */
const MIN_AGREEMENT = 3;

/**
 * Cuts two strings into stretches, in order. The joined stretches are the strings.
 * @param {string} first
 * @param {string} second
 * @returns {Stretch[]}
 */
export function align(first, second) {
  const one = Array.from(first);
  const other = Array.from(second);
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start++;
  let end = 0;
  while (end < one.length - start && end < other.length - start && one[one.length - 1 - end] === other[other.length - 1 - end])
    end++;
  const isReplaced = Math.min(one.length, other.length) - start - end >= MIN_AGREEMENT;
  if (isReplaced && end < MIN_AGREEMENT && !isCaseOnly(one.slice(start), other.slice(start))) end = 0;
  const stretches = [
    { same: true, one: one.slice(0, start), other: other.slice(0, start) },
    ...middle(one.slice(start, one.length - end), other.slice(start, other.length - end)),
    { same: true, one: one.slice(one.length - end), other: other.slice(other.length - end) },
  ];
  return stretches.filter((stretch) => stretch.one.length + stretch.other.length > 0);
}

/**
 * @param {string[]} one
 * @param {string[]} other
 * @returns {Stretch[]}
 */
function middle(one, other) {
  if (isCaseOnly(one, other)) {
    return one
      .map((character, index) => ({ same: character === other[index], one: [character], other: [other[index]] }))
      .reduce(joinEqual, []);
  }
  if (one.length * other.length > MAX_CELLS) return [{ same: false, one, other }];
  const stretches = edits(one, other)
    .map(([a, b]) => ({ same: a === b, one: a === undefined ? [] : [a], other: b === undefined ? [] : [b] }))
    .reduce(joinEqual, []);
  return stretches
    .map((stretch) => ({ ...stretch, same: stretch.same && stretch.one.length >= MIN_AGREEMENT }))
    .reduce(joinEqual, []);
}

/**
 * Whether the strings differ only in case. Then each character keeps its position.
 * @param {string[]} one
 * @param {string[]} other
 */
function isCaseOnly(one, other) {
  return one.length === other.length && one.join('').toLowerCase() === other.join('').toLowerCase();
}

/**
 * Appends a stretch. Adjacent stretches of the same kind are joined.
 * @param {Stretch[]} stretches
 * @param {Stretch} next
 */
function joinEqual(stretches, next) {
  const last = stretches.at(-1);
  if (last?.same === next.same) {
    last.one.push(...next.one);
    last.other.push(...next.other);
  } else {
    stretches.push(next);
  }
  return stretches;
}

/**
 * The shortest edit from one to the other (Levenshtein): pairs of characters, undefined where one has none.
 * @param {string[]} one
 * @param {string[]} other
 * @returns {[string | undefined, string | undefined][]}
 */
function edits(one, other) {
  const width = other.length + 1;
  const cost = new Uint32Array((one.length + 1) * width);
  for (let i = 0; i <= one.length; i++) {
    for (let j = 0; j <= other.length; j++) {
      const at = i * width + j;
      if (i === 0 || j === 0) cost[at] = i + j;
      else
        cost[at] = Math.min(cost[at - width - 1] + (one[i - 1] === other[j - 1] ? 0 : 1), cost[at - width] + 1, cost[at - 1] + 1);
    }
  }
  /** @type {[string | undefined, string | undefined][]} */
  const pairs = [];
  for (let i = one.length, j = other.length; i > 0 || j > 0;) {
    const at = i * width + j;
    const step = i > 0 && j > 0 && one[i - 1] === other[j - 1] ? 0 : 1;
    if (i > 0 && j > 0 && cost[at] === cost[at - width - 1] + step) pairs.push([one[--i], other[--j]]);
    else if (i > 0 && cost[at] === cost[at - width] + 1) pairs.push([one[--i], undefined]);
    else pairs.push([undefined, other[--j]]);
  }
  return pairs.reverse();
}
