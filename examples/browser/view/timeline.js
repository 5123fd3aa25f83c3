// A timeline of a token's validity and the time of the check.

import { h } from './dom.js';

/** @typedef {import('../ask.js').Inspection} Inspection */

const NAMES = { issuedAt: ['iat', 'issued'], notBefore: ['nbf', 'valid from'], expiresAt: ['exp', 'expires'] };

/**
 * @param {Inspection} inspection
 * @param {number} now In seconds since 1970.
 */
export function timeline(inspection, now) {
  const moments = Object.entries(NAMES).flatMap(([field, [claim, meaning]]) => {
    const at = inspection[/** @type {keyof typeof NAMES} */ (field)];
    return at === undefined ? [] : [{ claim, meaning, at: Number(at) }];
  });
  if (!moments.length) return null;
  const all = [...moments, { claim: 'now', meaning: 'time of the check', at: now }].sort((one, other) => one.at - other.at);
  const from = all[0].at;
  const span = Math.max(1, all[all.length - 1].at - from);
  const place = (/** @type {number} */ at) => `${(100 * (at - from)) / span}%`;
  const bar = h('div.bar', { 'aria-hidden': 'true' });
  const begin = moments.find((one) => one.claim === 'nbf') ?? moments.find((one) => one.claim === 'iat');
  const end = moments.find((one) => one.claim === 'exp');
  if (begin && end && end.at > begin.at) {
    const valid = h('span.valid', null);
    valid.style.left = place(begin.at);
    valid.style.width = `${(100 * (end.at - begin.at)) / span}%`;
    bar.append(valid);
  }
  for (const { claim, at } of all) {
    const mark = h(`span.mark.${claim}`, null);
    mark.style.left = place(at);
    bar.append(mark);
  }
  return h(
    'div.timeline',
    null,
    bar,
    h(
      'ol',
      null,
      all.map(({ claim, meaning, at }) =>
        h(
          `li.${claim}`,
          null,
          h('span.moment', null, h('strong', null, claim), ` ${meaning}`),
          h('time', { datetime: iso(at) }, clock(at, now)),
          h('span.ago', null, claim === 'now' ? '' : distance(at - now)),
        ),
      ),
    ),
  );
}

/** @param {number} seconds */
export function iso(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000Z', 'Z');
}

/**
 * The time of day, with the date if it is not the day of the check.
 * @param {number} seconds
 * @param {number} now
 */
function clock(seconds, now) {
  const [day, time = ''] = iso(seconds).split('T');
  return `${day === iso(now).split('T')[0] ? '' : `${day} `}${time.replace('Z', ' UTC')}`;
}

/** @param {number} seconds */
function distance(seconds) {
  const size = Math.abs(seconds);
  const [count, unit] =
    size < 120
      ? [size, 's']
      : size < 7200
        ? [Math.round(size / 60), 'min']
        : size < 172_800
          ? [Math.round(size / 3600), 'h']
          : [Math.round(size / 86_400), 'days'];
  return seconds < 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}
