// Shows a token: platform, parts of the subject, times and all claims.

import { ofClaim, ofHeader } from '../meanings.js';
import { h, icon, prose } from './dom.js';
import { iso, timeline } from './timeline.js';

/** @typedef {import('../ask.js').Answer} Answer */
/** @typedef {import('../ask.js').Inspection} Inspection */

/** These come first, in this order. */
const FIRST = ['iss', 'sub', 'aud', 'iat', 'nbf', 'exp'];
const TIMES = ['iat', 'nbf', 'exp'];

/**
 * @param {Answer} answer
 * @param {Map<string, string>} titles Names of the platforms, for people.
 */
export function token(answer, titles) {
  const inspection = answer.inspection?.ok;
  if (!inspection) return null;
  const platform = inspection.platform && (titles.get(inspection.platform) ?? inspection.platform);
  return h(
    'section.card.token',
    { 'aria-labelledby': 'token-title', 'data-platform': inspection.platform },
    h(
      'header',
      null,
      h('h2', { id: 'token-title' }, answer.kind === 'token' ? 'The token' : 'The future token'),
      h('span.platform', null, platform ? `from ${platform}` : 'from an unknown issuer'),
    ),
    subject(inspection),
    timeline(inspection, answer.now),
    table(inspection, answer.kind === 'token'),
  );
}

/** @param {Inspection} inspection */
function subject({ subject, subjectParts }) {
  if (subject === undefined) return null;
  if (!subjectParts.length) return h('div.subject', null, h('h3', null, 'Subject'), h('p.whole', null, h('code', null, subject)));
  return h(
    'div.subject',
    null,
    h('h3', null, 'Parts of the subject'),
    h('p.whole', null, h('code', null, pieces(subject, subjectParts))),
    h(
      'ol.parts',
      null,
      subjectParts.map((part, index) =>
        h(
          'li',
          null,
          h(`span.number.part-${index % 6}`, { 'aria-hidden': 'true' }, String(index + 1)),
          h('span.part-name', null, part.name),
          h('code', null, part.value),
          h(
            'span.part-meaning',
            null,
            prose(part.meaning),
            part.varies && h('span.varies', null, icon('warning'), 'changes from run to run'),
          ),
        ),
      ),
    ),
  );
}

/**
 * The subject with its parts marked.
 * @param {string} subject
 * @param {Inspection['subjectParts']} parts
 */
function pieces(subject, parts) {
  /** @type {import('./dom.js').Child[]} */
  const children = [];
  let at = 0;
  parts.forEach((part, index) => {
    const found = part.value === '' ? -1 : subject.indexOf(part.value, at);
    if (found < 0) return;
    children.push(
      subject.slice(at, found),
      h(`span.part.part-${index % 6}`, null, part.value, h('sup', { 'aria-hidden': 'true' }, String(index + 1))),
    );
    at = found + part.value.length;
  });
  return [...children, subject.slice(at)];
}

/**
 * @param {Inspection} inspection
 * @param {boolean} hasHeader
 */
function table(inspection, hasHeader) {
  /** @type {Record<string, unknown>} */
  const claims = JSON.parse(inspection.claimsJson);
  const names = [...FIRST.filter((name) => name in claims), ...Object.keys(claims).filter((name) => !FIRST.includes(name))];
  const header = hasHeader ? /** @type {const} */ (['alg', 'typ', 'kid']).filter((name) => inspection[name] !== undefined) : [];
  return h(
    'div.table',
    { tabindex: '0', role: 'region', 'aria-label': 'Header and claims' },
    h(
      'table',
      null,
      h('caption', null, hasHeader ? 'Header and claims' : 'Claims'),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'Name'),
          h('th', { scope: 'col' }, 'Value'),
          h('th', { scope: 'col' }, 'Meaning'),
        ),
      ),
      header.length > 0 &&
        h(
          'tbody.header',
          null,
          header.map((name) => row(name, inspection[name], ofHeader(name))),
        ),
      h(
        'tbody',
        null,
        names.map((name) => row(name, claims[name], ofClaim(name))),
      ),
    ),
  );
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} meaning
 */
function row(name, value, meaning) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const moment = TIMES.includes(name) && typeof value === 'number' && h('span.iso', null, iso(value));
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, name),
    h('td', null, h('code', null, text), moment),
    h('td', null, prose(meaning)),
  );
}
