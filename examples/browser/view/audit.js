// The report of an audit: the verdict, the findings of each credential, and the new credentials.

import { command, copyable } from './copy.js';
import { code, h, icon, sentence } from './dom.js';
import { noteList, step } from './remedy.js';

/** @typedef {import('../interfaces/azure-oidc-federation-claims.js').AuditReport} Report */
/** @typedef {import('../interfaces/azure-oidc-federation-claims.js').AuditFinding} Finding */
/** @typedef {import('../interfaces/azure-oidc-federation-claims.js').AuditedCredential} Credential */

const TONES = /** @type {const} */ ({ error: 'bad', warning: 'warning', info: 'info' });

/**
 * @param {Report} report
 * @param {string} format The format of the new credentials.
 * @returns {HTMLElement[]}
 */
export function report(report, format) {
  /** @type {Set<string>} */
  const told = new Set();
  const ofAll = report.findings.filter((one) => one.credential === undefined);
  const found = report.credentials.filter((one) => one.severity !== undefined);
  const clean = report.credentials.filter((one) => one.severity === undefined);
  return [
    verdict(report),
    ofAll.length > 0 && card('All credentials together', ofAll, told),
    ...found.map((one) => card(title(one), report.findings.filter(isAbout(one)), told, one)),
    report.changes.length > 0 && changes(report, format, told),
    clean.length > 0 && without(clean),
  ].filter((one) => one instanceof HTMLElement);
}

/** @param {Report} report */
function verdict({ outcome, findings, credentials, notes }) {
  const count = (/** @type {string} */ severity) => findings.filter((one) => one.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const tone = outcome === 'fail' ? 'bad' : warnings ? 'warning' : 'good';
  const words = [counted(errors, 'error'), counted(warnings, 'warning')].filter(Boolean).join(', ');
  return h(
    `section.card.verdict.${tone}`,
    { 'aria-labelledby': 'audited-title', 'data-outcome': outcome },
    h('header', null, icon(tone), h('h2', { id: 'audited-title' }, words || 'Nothing is wrong with these credentials')),
    h('p.reason', null, `${counted(credentials.length, 'credential')} checked against Entra’s rules, without a token.`),
    noteList(notes),
  );
}

/**
 * @param {number} count
 * @param {string} noun
 */
function counted(count, noun) {
  return count ? `${count} ${noun}${count === 1 ? '' : 's'}` : '';
}

/** @param {Credential} one */
function title({ name, file, owner }) {
  const where = [owner, file].filter((text) => text !== undefined).join(', ');
  return [h('span.name', null, name), where && h('span.status', null, where)];
}

/** @param {Credential} one */
function isAbout({ name, file, owner }) {
  return (/** @type {Finding} */ finding) => finding.credential === name && finding.file === file && finding.owner === owner;
}

/**
 * @param {Parameters<typeof h>[2]} heading
 * @param {Finding[]} findings
 * @param {Set<string>} told The remedies above, which are not repeated.
 * @param {Credential} [credential]
 */
function card(heading, findings, told, credential) {
  const steps = [...new Set(findings.map((one) => one.remedy))].filter((one) => one !== undefined && !told.has(one));
  for (const one of steps) told.add(/** @type {string} */ (one));
  const [first, ...others] = /** @type {string[]} */ (steps);
  return h(
    'section.card.audited',
    { 'data-credential': credential?.name, 'data-severity': credential?.severity },
    h('h2', null, heading),
    credential && h('p.value', null, h('code', null, credential.subject ?? credential.expression)),
    findings.map((one) =>
      h(
        'p.note.found',
        { 'data-code': one.code, 'data-severity': one.severity },
        icon(TONES[one.severity]),
        h('span', null, h('span.sr', null, `${one.severity}: `), sentence(one.message), one.aadsts !== undefined && h('span.status', null, ` ${code(one.aadsts)}`)),
      ),
    ),
    first !== undefined && h('div.todo', null, h('h3', null, 'What to do'), step(inForm(first))),
    others.length > 0 && h('details.more', null, h('summary', null, 'Then'), others.map((one) => step(inForm(one)))),
  );
}

/**
 * A remedy in the words of the form.
 * @param {string} text
 */
function inForm(text) {
  return text.replaceAll('`replace`', '“New values”').replaceAll('`format`', '“Tool for new credentials”');
}

/**
 * @param {Report} report
 * @param {string} format
 * @param {Set<string>} told The remedies above, which are not repeated.
 */
function changes({ changes, text = '' }, format, told) {
  const isAbove = text.split('\n').every((line) => line.trim() === '' || told.has(line));
  const words = { correction: 'takes the place of', successor: 'stands beside' };
  return h(
    'section.card.written',
    { 'aria-labelledby': 'changes-title' },
    h('header', null, icon('good'), h('h2', { id: 'changes-title' }, changes.length === 1 ? 'The new credential' : `${changes.length} new credentials`)),
    h(
      'ul.changes',
      null,
      changes.map((one) =>
        h('li', null, h('code', null, one.name), ` ${words[one.kind]} `, h('code', null, one.of), ': ', h('code', null, one.subject ?? one.expression)),
      ),
    ),
    isAbove ? h('p.reason', null, 'The commands are above.') : format.startsWith('az') ? command(text.trimEnd(), 'the new credentials') : copyable(text.trimEnd(), 'the new credentials'),
  );
}

/** @param {Credential[]} credentials */
function without(credentials) {
  return h(
    'section.card.clean',
    { 'aria-labelledby': 'clean-title' },
    h('h2', { id: 'clean-title' }, `${counted(credentials.length, 'credential')} without a finding`),
    h(
      'ul.changes',
      null,
      credentials.map((one) => h('li', null, icon('good'), ' ', h('code', null, one.name), ' ', h('code', null, one.subject ?? one.expression))),
    ),
  );
}
