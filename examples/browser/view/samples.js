// Buttons that fill in the samples.

import { ERROR, filled, signed } from '../samples.js';
import { byId, h } from './dom.js';

/** @typedef {import('../samples.js').Sample} Sample */

/**
 * @param {import('../component.js').Claims} claims
 * @param {Sample[]} rows
 * @param {(texts: { presented?: string, credentials?: string, keys?: string, error?: string }) => void} fill
 */
export function listSamples(claims, rows, fill) {
  /** Shows the last sample again when the kind of credentials changes. */
  let show = () => {};
  byId('samples').append(
    ...rows.map((row) => button(row.title, () => fill(filled(claims, row, which(), now())))),
    button('Signed, with keys', () => void signed(claims, rows[0], which(), now()).then(fill)),
    button('Only an error', () => fill({ error: ERROR })),
  );
  for (const input of document.querySelectorAll('input[name=sample]')) input.addEventListener('change', () => show());

  /**
   * @param {string} title
   * @param {() => void} chosen
   */
  function button(title, chosen) {
    const click = () => {
      show = chosen;
      show();
    };
    return h('li', null, h('button.chip', { type: 'button', 'data-sample': title, click }, title));
  }
}

function which() {
  const checked = document.querySelector('input[name=sample]:checked');
  return checked?.getAttribute('value') === 'right' ? 'right' : 'near';
}

function now() {
  return Math.floor(Date.now() / 1000);
}
