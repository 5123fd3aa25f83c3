// Explains the codes in a pasted error, and compares them with the predicted code.

import { copyable } from './copy.js';
import { code, h, icon, sentence } from './dom.js';
import { isCommand } from './remedy.js';
import { problem } from './verdict.js';

/** @typedef {import('../ask.js').Answer} Answer */

/**
 * @param {Answer} answer
 */
export function explanations(answer) {
  const { ok, fault } = answer.explanations ?? {};
  if (fault) return problem('This error cannot be read', fault);
  if (!ok) return null;
  if (!ok.length) return h('section.card', { 'aria-label': 'Error' }, h('p', null, 'There is no AADSTS code in this text.'));
  const predicted = answer.verdict?.ok?.predictedAadsts;
  return ok.map((one) =>
    h(
      'section.card.explanation',
      { 'aria-label': `${name(one)}, explained`, 'data-explained': one.otherCode ?? one.aadsts },
      h('header', null, h('h2', null, h('span.code', null, name(one)), one.name !== undefined && ` ${one.name}`)),
      predicted === one.aadsts &&
        h(
          'p.note',
          null,
          icon('good'),
          h('span', null, 'This is the predicted error for this token and these credentials: see above.'),
        ),
      predicted !== undefined &&
        one.otherCode === undefined &&
        predicted !== one.aadsts &&
        answer.credentials &&
        h(
          'p.note',
          null,
          icon('warning'),
          h(
            'span',
            null,
            `The predicted error for this token and these credentials is ${code(predicted)}. They may belong to another run, or something was corrected since.`,
          ),
        ),
      h('p.reason', null, sentence(one.message)),
      one.name === undefined && one.text !== undefined && h('p', null, h('strong', null, 'Entra says: '), one.text),
      one.cause !== undefined && !one.message.includes(one.cause) && h('p', null, h('strong', null, 'Why: '), sentence(one.cause)),
      one.remedy !== undefined &&
        !one.advice.includes(one.remedy) &&
        h('p', null, h('strong', null, 'What to do: '), sentence(one.remedy)),
      one.advice.length > 0 &&
        h(
          'ul.advice',
          null,
          one.advice.map((text) => h('li', null, isCommand(text) ? copyable(text, 'the command') : sentence(text))),
        ),
    ),
  );
}

/**
 * The code of an error, which is no number of Entra when another service reports it.
 * @param {{ aadsts: number, otherCode?: string }} one
 */
const name = (one) => one.otherCode ?? code(one.aadsts);
