// Shows two strings one above the other and marks the characters that differ.

import { align } from '../align.js';
import { h } from './dom.js';

/**
 * @param {string} expected The value in the credential.
 * @param {string} actual The value in the token.
 */
export function pair(expected, actual) {
  const stretches = align(expected, actual);
  const columns = stretches.flatMap(({ same, one, other }) =>
    Array.from({ length: Math.max(one.length, other.length) }, (_, index) => column(same, one[index], other[index])),
  );
  const labels = h('div.pair-labels', null, h('span', null, 'Credential'), h('span', null, 'Token'));
  return h(
    'div.pair',
    null,
    h('div.pair-lines', { 'aria-hidden': 'true' }, labels, h('div.pair-text', null, columns)),
    h('p.sr', null, `Credential: “${expected}”. Token: “${actual}”.`),
    differences(stretches),
  );
}

/**
 * @param {boolean} same
 * @param {string | undefined} one
 * @param {string | undefined} other
 */
function column(same, one, other) {
  return h(
    same ? 'span.column' : 'span.column.differs',
    null,
    h('span', null, shown(one, same)),
    h('span', null, shown(other, same)),
  );
}

/**
 * Names the characters that differ, because two characters can look the same.
 * @param {import('../align.js').Stretch[]} stretches
 */
function differences(stretches) {
  const different = stretches.flatMap((stretch, index) => (stretch.same ? [] : [{ ...stretch, at: before(stretches, index) }]));
  const [first, ...others] = different;
  if (!first) return null;
  const more = others.length ? ` and ${others.length} more ${others.length > 1 ? 'places' : 'place'}` : '';
  return h(
    'p.difference',
    null,
    h('span.where', null, `Character ${first.at + 1}${more}`),
    piece('credential', first.one, first.other),
    h('span.arrow', null, ' / '),
    piece('token', first.other, first.one),
  );
}

/**
 * @param {import('../align.js').Stretch[]} stretches
 * @param {number} index
 */
function before(stretches, index) {
  return stretches.slice(0, index).reduce((sum, stretch) => sum + stretch.other.length, 0);
}

/**
 * @param {string} whose
 * @param {string[]} characters
 * @param {string[]} others The characters at this place in the other string.
 */
function piece(whose, characters, others) {
  const text =
    characters
      .slice(0, 24)
      .map((one) => shown(one, false))
      .join('') + (characters.length > 24 ? '…' : '');
  const named = characters.length === 1 && others.length <= 1 ? `, U+${hex(characters[0])}` : '';
  return h('span', null, `${whose} `, text ? h('code', null, text) : 'has nothing', named);
}

/**
 * A visible form of a character. Invisible characters get a symbol where they differ.
 * @param {string | undefined} character
 * @param {boolean} same
 */
function shown(character, same) {
  if (character === undefined) return '\u00a0';
  if (character === ' ') return same ? '\u00a0' : '␣';
  if (character === '\n') return '⏎';
  if (character === '\t') return '⇥';
  return /^[\p{Z}\p{C}]$/u.test(character) ? `[${hex(character)}]` : character;
}

/** @param {string} character */
function hex(character) {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
