// Shows two strings one above the other and marks the characters that differ.
//
// Each string is one line of text, so that selecting the lines copies the two strings. Both lines lie in the same box with the
// same number of columns in a monospaced font, so they wrap at the same places.

import { align } from '../align.js';
import { h } from './dom.js';

/** @typedef {import('../align.js').Stretch} Stretch */

/**
 * @param {string} expected The value in the credential.
 * @param {string} actual The value in the token.
 */
export function pair(expected, actual) {
  const stretches = align(expected, actual);
  const labels = h('div.pair-labels', null, h('span', null, 'Credential'), h('span', null, 'Token'));
  return h(
    'div.pair',
    null,
    h(
      'div.pair-lines',
      { 'aria-hidden': 'true' },
      labels,
      h(
        'div.pair-text',
        null,
        line(stretches, (stretch) => [stretch.one, stretch.other]),
        line(stretches, (stretch) => [stretch.other, stretch.one]),
      ),
    ),
    h('p.sr', null, `Credential: “${expected}”. Token: “${actual}”.`),
    differences(stretches),
  );
}

/**
 * @param {Stretch[]} stretches
 * @param {(stretch: Stretch) => [own: string[], others: string[]]} sides
 */
function line(stretches, sides) {
  return h(
    'div.line',
    null,
    stretches.map((stretch) => {
      const [own, others] = sides(stretch);
      if (stretch.same) return h('span.same', null, own.join(''));
      const length = Math.max(own.length, others.length);
      return Array.from({ length }, (_, index) => cell(own[index], others[index], index === 0));
    }),
  );
}

/**
 * One column of a difference. Its text is the character itself; a symbol for an invisible one is drawn over it.
 * @param {string | undefined} own
 * @param {string | undefined} other
 * @param {boolean} isFirst
 */
function cell(own, other, isFirst) {
  const symbol = own === undefined ? undefined : symbolOf(own);
  const width = Math.max(widthOf(own), widthOf(other));
  const element = h(isFirst ? 'span.differs.first' : 'span.differs', { 'data-symbol': symbol }, own);
  if (own === undefined || symbol !== undefined || width > 1) {
    element.classList.add('fixed');
    element.style.width = `${width}ch`;
  }
  return element;
}

/**
 * The columns that a character takes. Fonts draw what is not Latin in different widths.
 * @param {string | undefined} character
 */
function widthOf(character) {
  if (character === undefined) return 1;
  return symbolOf(character)?.length ?? (/^[\x20-\xff]$/.test(character) ? 1 : 2);
}

/**
 * Names the characters that differ, because two characters can look the same.
 * @param {Stretch[]} stretches
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
 * @param {Stretch[]} stretches
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
      .map((one) => symbolOf(one) ?? one)
      .join('') + (characters.length > 24 ? '…' : '');
  const named = characters.length === 1 && others.length <= 1 ? `, U+${hex(characters[0])}` : '';
  return h('span', null, `${whose} `, text ? h('code', null, text) : 'has nothing', named);
}

/**
 * A visible form of a character that cannot be seen.
 * @param {string} character
 */
function symbolOf(character) {
  if (character === ' ') return '␣';
  if (character === '\n') return '⏎';
  if (character === '\t') return '⇥';
  return /^[\p{Z}\p{C}\p{M}]$/u.test(character) ? `[${hex(character)}]` : undefined;
}

/** @param {string} character */
function hex(character) {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
