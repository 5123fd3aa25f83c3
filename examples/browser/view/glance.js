// On a narrow page the answer is below the fields. A line below the field that was changed says the answer in a few words and
// leads to it. It is part of the form, so it never covers a control, and it belongs to its tab.

import { byId, h } from './dom.js';

/** Units of the form below which the line can be. */
const UNITS = '.field, .options';

/**
 * @param {HTMLElement} answerArea
 * @returns {(text: string, tone: string, control?: Element) => void} Shows the text, or nothing if it is empty.
 */
export function glance(answerArea) {
  const text = h('span', null);
  const button = h(
    'button.glance',
    { type: 'button', id: 'glance', hidden: true, click: show },
    text,
    h('span.arrow', { 'aria-hidden': 'true' }, '↓'),
  );
  const form = byId('form');
  form.append(button);
  return (words, tone, control) => {
    button.hidden = words === '';
    button.className = `glance ${tone}`;
    text.textContent = words;
    const unit = control?.closest(UNITS);
    if (!unit) form.append(button);
    else if (unit.nextElementSibling !== button) unit.after(button);
  };

  function show() {
    answerArea.scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
    answerArea.focus({ preventScroll: true });
  }
}
