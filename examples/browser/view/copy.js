// A block of text with a button that copies it.

import { h } from './dom.js';
import { shellSwitch } from './shell.js';

/**
 * @param {string} text
 * @param {string} what The name of the text, for the button's label.
 */
export function copyable(text, what) {
  return block(text, what, text.includes('\n') ? 'lines' : 'line');
}

/**
 * A command of the Azure CLI, with the choice of the shell.
 * @param {string} text
 * @param {string} [what]
 */
export function command(text, what = 'the command') {
  return block(text, what, 'lines', shellSwitch());
}

/**
 * @param {string} text
 * @param {string} what
 * @param {'line' | 'lines'} form Where the button is: beside one line, or above several.
 * @param {HTMLElement} [corner]
 */
function block(text, what, form, corner) {
  return h(
    form === 'lines' ? 'div.copyable.lines' : 'div.copyable',
    null,
    corner,
    h('pre', { tabindex: '0', role: 'group', 'aria-label': what }, h('code', null, text)),
    copyButton(text, what),
  );
}

/**
 * @param {string} text
 * @param {string} what
 */
export function copyButton(text, what) {
  const label = h('span', null, 'Copy');
  const button = h('button.copy', { type: 'button', 'aria-label': `Copy ${what}`, click: copy }, label);
  return button;

  async function copy() {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    label.textContent = done ? 'Copied' : 'Select and copy';
    button.classList.toggle('done', done);
    spoken(done ? `Copied ${what}.` : 'The browser does not allow this page to copy.');
    setTimeout(() => {
      label.textContent = 'Copy';
      button.classList.remove('done');
    }, 2000);
  }
}

/**
 * Announces a text to screen readers.
 * @param {string} text
 */
export function spoken(text) {
  const region = document.getElementById('spoken');
  if (region && region.textContent !== text) region.textContent = text;
}
