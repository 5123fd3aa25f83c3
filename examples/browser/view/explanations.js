// Explains the errors in a pasted text: what each means, Entra's own words, and one thing to do.

import { code, h, icon, sentence } from './dom.js';
import { isCommand, step } from './remedy.js';
import { problem } from './verdict.js';

/** @typedef {import('../ask.js').Answer} Answer */
/** @typedef {import('../ask.js').Explanation} Explanation */

/**
 * @param {Answer} answer
 * @param {boolean} isAnswered Whether the verdict above says what to do about the predicted error.
 * @param {Set<string>} told The remedies above, which are not repeated.
 */
export function explanations(answer, isAnswered, told) {
  const { ok, fault } = answer.explanations ?? {};
  if (fault) return problem('This error cannot be read', fault);
  if (!ok) return null;
  const [first, ...others] = ok;
  if (!first) return nothingFound();
  return [
    h(
      'section.card.explanation.main',
      { 'aria-labelledby': 'explanation-title', 'data-explained': name(first) },
      heading('h2', first, 'explanation-title'),
      comparison(answer, first),
      body(answer, first, isAnswered, told),
    ),
    others.length > 0 &&
      h(
        'section.card.others',
        { 'aria-labelledby': 'others-title' },
        h('h2', { id: 'others-title' }, 'Also in this text'),
        others.map((one) =>
          h(
            'details.explanation',
            { 'data-explained': name(one) },
            h('summary', null, heading('span', one)),
            comparison(answer, one),
            body(answer, one, isAnswered, told),
          ),
        ),
      ),
  ];
}

function nothingFound() {
  const text =
    'There is no AADSTS code in this text, and no error of a CI system that this page knows. Paste the lines of the log around the failed sign-in, with the whole message.';
  return h(
    'section.card.empty',
    { 'aria-labelledby': 'nothing-title' },
    h('h2', { id: 'nothing-title' }, 'No known error in this text'),
    h('p', null, text),
  );
}

/**
 * @param {string} tag
 * @param {Explanation} one
 * @param {string} [id]
 */
function heading(tag, one, id) {
  const words = h(tag, { id }, h('span.code', null, name(one)), one.name !== undefined && ` ${capital(one.name)}`);
  return tag === 'h2' ? h('header', null, words) : words;
}

/**
 * Compares the error with the prediction for the token and the credentials.
 * @param {Answer} answer
 * @param {Explanation} one
 */
function comparison(answer, one) {
  const predicted = answer.credentials && answer.verdict?.ok?.predictedAadsts;
  if (predicted === undefined || one.otherCode !== undefined) return null;
  if (predicted === one.aadsts) return note('good', 'This is the predicted error for this token and these credentials.');
  return note(
    'warning',
    `The predicted error for this token and these credentials is ${code(predicted)}. They may belong to another run, or something was corrected since.`,
  );
}

/**
 * @param {Answer} answer
 * @param {Explanation} one
 * @param {boolean} isAnswered
 * @param {Set<string>} told
 */
function body(answer, one, isAnswered, told) {
  const steps = (one.advice.length ? one.advice : [one.remedy ?? '']).filter((text) => text !== '' && !told.has(text));
  for (const text of steps) told.add(text);
  // A command belongs to the sentence before it.
  const size = steps.findIndex((text, index) => index > 0 && !isCommand(text));
  const first = size < 0 ? steps : steps.slice(0, size);
  const rest = steps.slice(first.length);
  const isAbove = isAnswered && one.aadsts === answer.verdict?.ok?.predictedAadsts;
  return [
    h('p.reason', null, sentence(one.cause ?? one.message)),
    one.text !== undefined && h('blockquote', null, h('p', null, h('strong', null, 'Entra’s words: '), one.text)),
    isAbove
      ? h('p.todo-above', null, h('strong', null, 'What to do: '), 'see the remedy above.')
      : first.length > 0 && h('div.todo', null, h('h3', null, 'What to do'), first.map(step)),
    !answer.credentials &&
      one.advice.some((text) => text.includes('federated-credential list')) &&
      note('info', 'Paste the credentials of the application too: the answer then names the one that differs.'),
    !isAbove &&
      rest.length > 0 &&
      h(
        'details.more',
        null,
        h('summary', null, 'If that does not help'),
        h(
          'ul.advice',
          null,
          rest.map((text) => h('li', null, step(text))),
        ),
      ),
  ];
}

/**
 * @param {'good' | 'warning' | 'info'} tone
 * @param {string} text
 */
function note(tone, text) {
  return h('p.note', null, icon(tone), h('span', null, text));
}

/** @param {string} text */
function capital(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/**
 * The code of an error, which is no number of Entra when another service reports it.
 * @param {{ aadsts: number, otherCode?: string }} one
 */
export const name = (one) => one.otherCode ?? code(one.aadsts);
