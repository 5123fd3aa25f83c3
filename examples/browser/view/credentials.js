// Compares each credential with the token: issuer, subject and audience.

import { h, icon } from './dom.js';
import { pair } from './pair.js';
import { noteList } from './remedy.js';

/** @typedef {import('../ask.js').Answer} Answer */
/** @typedef {import('../ask.js').Comparison} Comparison */

/** Names of the open cards. They stay open while the user types. */
const opened = new Set();

/**
 * @param {Answer} answer
 */
export function credentials(answer) {
  const compared = answer.kind && answer.verdict?.ok?.credentials.length ? answer.verdict.ok.credentials : undefined;
  const list = compared ?? answer.credentials?.ok ?? [];
  if (!list.length) return null;
  const title = list.length === 1 ? 'The credential' : `${list.length} credentials`;
  return h(
    'section.card.credentials',
    { 'aria-labelledby': 'credentials-title' },
    h('h2', { id: 'credentials-title' }, title),
    h(
      'ul',
      null,
      list.map((one) => h('li', null, compared ? comparison(answer, one) : plain(one))),
    ),
    noteList(answer.notes),
  );
}

/**
 * @param {Answer} answer
 * @param {Comparison} one
 */
function comparison(answer, one) {
  const { issuer, subject, audiences } = answer.inspection?.ok ?? { audiences: [] };
  /** @type {[string, boolean, string | undefined, string | undefined][]} */
  const rows = [
    ['Issuer', one.issuerMatches, one.issuer, issuer],
    ['Subject', one.subjectMatches, one.subject ?? one.expression, subject],
    ['Audience', one.audienceMatches, one.audience, audiences[0]],
  ];
  const wrong = rows.filter(([, matches]) => !matches).map(([name]) => name.toLowerCase());
  const fits = !wrong.length;
  const status = fits ? 'matches' : `different ${wrong.join(', ').replace(/, (\w+)$/, ' and $1')}`;
  const body = h('div.rows', null);
  const details = h(
    'details',
    { open: opened.has(one.name), 'data-credential': one.name, 'data-matches': String(fits), toggle },
    h('summary', null, icon(fits ? 'good' : 'bad'), h('span.name', null, one.name), h('span.status', null, status)),
    body,
  );
  if (opened.has(one.name)) fill();
  return details;

  function toggle() {
    const { open } = /** @type {HTMLDetailsElement} */ (details);
    if (open) opened.add(one.name);
    else opened.delete(one.name);
    fill();
  }

  function fill() {
    body.replaceChildren(
      ...rows.map(([name, matches, held, has]) =>
        h(
          'div.row',
          null,
          h('h3', null, icon(matches ? 'good' : 'bad'), name, h('span.sr', null, matches ? ' matches' : ' differs')),
          matches || held === undefined || has === undefined || (one.expression !== undefined && name === 'Subject')
            ? h('p', null, h('code', null, held ?? 'none'))
            : pair(held, has),
        ),
      ),
    );
  }
}

/** @param {Comparison} one */
function plain(one) {
  return h(
    'details',
    { 'data-credential': one.name },
    h('summary', null, h('span.name', null, one.name), h('span.status', null, one.subject ?? one.expression)),
    h(
      'div.rows',
      null,
      [
        ['Issuer', one.issuer],
        ['Subject', one.subject ?? one.expression],
        ['Audience', one.audience],
      ].map(([name, text]) => h('div.row', null, h('h3', null, name), h('p', null, h('code', null, text ?? 'none')))),
    ),
  );
}
