// The verdict: whether Entra accepts the token, the error code, the difference and the remedy.

import { result } from '../ask.js';
import { code, h, icon, sentence } from './dom.js';
import { pair } from './pair.js';
import { faultBox, isAzure, isCommand, noteList, remedies, step } from './remedy.js';
import { shell } from './shell.js';

/** @typedef {import('../ask.js').Answer} Answer */
/** @typedef {import('../ask.js').Finding} Finding */
/** @typedef {import('../component.js').Claims} Claims */

/** The page shows these elsewhere, because their messages name options of the command line. */
const SHOWN_ELSEWHERE = ['signature-not-checked', 'token-not-given', 'signature-valid'];
/** Why the subject is not one to create a credential for: it never matches twice, or not for long. */
const OF_SUBJECT = ['subject-never-matches', 'subject-short-lived', 'subject-yaml'];
const TIMES = ['iat', 'nbf', 'exp'];
/** Claims that are compared with a credential, character by character. */
const COMPARED = ['iss', 'sub', 'aud'];

/**
 * The headline as plain text, which is both shown and announced.
 * @param {Answer} answer
 * @returns {{ tone: 'good' | 'bad' | 'warning', title: string, aadsts?: number }}
 */
export function headline(answer) {
  const verdict = answer.verdict?.ok;
  const what = answer.kind === 'token' ? 'this token' : 'such a token';
  const doubt = verdict?.outcome === 'match' && isDoubt(verdict.findings[0]) ? verdict.findings[0] : undefined;
  if (doubt) return { tone: 'warning', title: `A credential matches, but Entra may refuse ${what}`, aadsts: doubt.aadsts };
  if (verdict?.outcome === 'match') return { tone: 'good', title: `Entra would accept ${what}` };
  const title =
    verdict?.outcome === 'invalid-token' ? 'Entra would not accept this as an ID token' : `Entra would refuse ${what}`;
  return { tone: 'bad', title, aadsts: verdict?.predictedAadsts };
}

/**
 * Whether a finding about a credential that matches predicts a refusal all the same.
 * @param {Finding | undefined} one
 */
function isDoubt(one) {
  return one?.severity === 'warning' && one.aadsts !== undefined;
}

/**
 * @param {Claims} claims
 * @param {Answer} answer
 * @param {string} cloud
 * @param {() => void} atIssue Checks for the time at which the token was issued.
 * @param {Set<string>} told The remedies above, which are not repeated.
 */
export function verdict(claims, answer, cloud, atIssue, told) {
  const { ok, fault } = /** @type {NonNullable<Answer['verdict']>} */ (answer.verdict);
  if (!ok) return problem('This cannot be checked', fault);
  const { tone, title, aadsts } = headline(answer);
  const findings = ok.findings.filter((finding) => !SHOWN_ELSEWHERE.includes(finding.code));
  const [first, ...others] = findings;
  const isMatch = ok.outcome === 'match';
  // A warning about credentials that match is the one thing to do.
  const isFirstShown = first?.severity === 'error' || (isMatch && first?.severity === 'warning' && first.remedy !== undefined);
  return h(
    `section.card.verdict.${tone}`,
    { 'aria-labelledby': 'verdict-title', 'data-outcome': ok.outcome, 'data-aadsts': ok.predictedAadsts },
    h(
      'header',
      null,
      icon(tone),
      h('h2', { id: 'verdict-title' }, title),
      aadsts !== undefined && h('span.code', null, code(aadsts)),
    ),
    ok.matched !== undefined &&
      h('p.reason', null, 'The credential ', h('code', null, ok.matched), ' matches: issuer, subject and audience are equal.'),
    isFirstShown && finding(claims, answer, first, cloud, first.severity === 'error', told),
    isMatch && !isFirstShown && nothingToDo(answer),
    isFirstShown &&
      isOutOfTime(answer, first) &&
      h(
        'p.note',
        null,
        icon('info'),
        h(
          'span',
          null,
          'Is this the token of an earlier run? ',
          h('button.link', { type: 'button', click: atIssue }, 'Check it for the time when it was issued'),
          ' instead.',
        ),
      ),
    unchecked(answer),
    rest(claims, answer, isFirstShown ? others : findings, cloud, told),
  );
}

/**
 * @param {Claims} claims
 * @param {Answer} answer
 * @param {Finding[]} findings
 * @param {string} cloud
 * @param {Set<string>} told
 */
function rest(claims, answer, findings, cloud, told) {
  if (!findings.length) return null;
  const title = findings.length === 1 ? '1 more finding' : `${findings.length} more findings`;
  return h(
    'details.more',
    { open: findings.every((one) => one.severity === 'warning') },
    h('summary', null, title),
    findings.map((one) => finding(claims, answer, one, cloud, false, told)),
  );
}

/**
 * @param {Claims} claims
 * @param {Answer} answer
 * @param {Finding} one
 * @param {string} cloud
 * @param {boolean} isFirst
 * @param {Set<string>} told
 */
function finding(claims, answer, one, cloud, isFirst, told) {
  const tone = /** @type {const} */ ({ error: 'bad', warning: 'warning', info: 'info' })[one.severity];
  const isCompared = one.claim !== undefined && COMPARED.includes(one.claim) && one.position !== undefined;
  return h(
    'div.finding',
    { 'data-code': one.code, 'data-severity': one.severity, 'data-position': one.position },
    h(
      'p.reason',
      null,
      !isFirst && icon(tone),
      !isFirst && h('span.sr', null, `${one.severity}: `),
      h('span', null, sentence(one.message)),
    ),
    isCompared ? pair(one.expected ?? '', one.actual ?? '') : plain(one),
    one.remedy !== undefined && remedy(claims, answer, one, one.remedy, cloud, told),
  );
}

/**
 * @param {Answer} answer
 * @param {Finding} one
 */
function isOutOfTime({ inspection, now }, one) {
  const issued = inspection?.ok?.issuedAt;
  return TIMES.includes(one.claim ?? '') && issued !== undefined && Number(issued) !== now;
}

/** @param {Finding} one */
function plain(one) {
  if (one.expected === undefined || one.actual === undefined) return null;
  return h(
    'dl.plain',
    null,
    h('div', null, h('dt', null, 'Expected'), h('dd', null, h('code', null, one.expected))),
    h('div', null, h('dt', null, 'Token'), h('dd', null, h('code', null, one.actual))),
  );
}

/**
 * @param {Claims} claims
 * @param {Answer} answer
 * @param {Finding} one
 * @param {string} text
 * @param {string} cloud
 * @param {Set<string>} told
 */
function remedy(claims, answer, one, text, cloud, told) {
  if (told.has(text)) return null;
  told.add(text);
  const title = h('h3', null, 'What to do');
  const { issuer, subject, audiences } = answer.inspection?.ok ?? { audiences: [] };
  if (!isCommand(text) || !isAzure(text) || one.severity !== 'error' || issuer === undefined || subject === undefined) {
    return h('div.remedy', null, title, step(text));
  }
  const command = answer.inBash?.ok?.findings[answer.verdict?.ok?.findings.indexOf(one) ?? -1]?.remedy ?? text;
  const request = { issuer, subject, audience: audiences[0], cloud, ...named(answer, one, command), ...owned(command) };
  return h('div.remedy', null, title, remedies(claims, text, request));
}

/**
 * The name of the credential that the command updates. A created credential gets a new name.
 * @param {Answer} answer
 * @param {Finding} one
 * @param {string} command
 */
function named(answer, one, command) {
  if (!command.includes('federated-credential update')) return {};
  const held = /** @type {const} */ ({ iss: 'issuer', sub: 'subject', aud: 'audience' })[/** @type {'iss'} */ (one.claim)];
  return {
    name: answer.verdict?.ok?.credentials.find((credential) => (credential[held] ?? credential.expression) === one.expected)
      ?.name,
  };
}

/**
 * The managed identity in the command, if any, for the texts of the other tools.
 * @param {string} command
 */
function owned(command) {
  if (!command.startsWith('az identity ')) return {};
  const value = (/** @type {string} */ option, /** @type {string} */ placeholder) => {
    const [, found = ''] = new RegExp(`--${option} '?([\\w.()-]+)`).exec(command) ?? [];
    return found || placeholder;
  };
  return { identityName: value('identity-name', 'IDENTITY_NAME'), resourceGroup: value('resource-group', 'RESOURCE_GROUP') };
}

/** @param {Answer} answer */
function nothingToDo({ explanations }) {
  const text = 'Nothing: these credentials are right for it. If a sign-in fails all the same, paste its error or log.';
  return !explanations && h('div.remedy', null, h('h3', null, 'What to do'), h('p', null, text));
}

/**
 * Notes about what was not checked.
 * @param {Answer} answer
 */
function unchecked(answer) {
  const { verification, kind } = answer;
  if (verification?.ok?.valid)
    return note('good', 'The signature is valid: ', [
      h('code', null, verification.ok.kid ?? 'a key'),
      ' is the key that made it.',
    ]);
  if (verification?.ok) return null;
  if (kind === 'token') return note('info', 'The signature was not checked. ', ['Paste the issuer’s key set to check it too.']);
  return note('info', 'There is no token yet. ', [
    'Issuer, subject and audience were compared. Times and signature were not checked.',
  ]);
}

/**
 * @param {'good' | 'info'} name
 * @param {string} title
 * @param {import('./dom.js').Child[]} children
 */
function note(name, title, children) {
  return h('p.note', null, icon(name), h('span', null, h('strong', null, title), children));
}

/**
 * @param {string} title
 * @param {import('../ask.js').Fault} fault
 */
export function problem(title, fault) {
  return h(
    'section.card.verdict.warning',
    { 'aria-label': title, 'data-fault': fault.code },
    h(
      'header',
      null,
      icon('warning'),
      h('h2', null, title),
      fault.aadsts !== undefined && h('span.code', null, code(fault.aadsts)),
    ),
    faultBox(fault),
  );
}

/**
 * The findings about a token without credentials, and the credential that would accept it.
 * @param {Claims} claims
 * @param {Answer} answer
 * @param {string} token
 * @param {string} cloud
 * @param {() => void} atIssue
 * @param {Set<string>} told
 */
export function wanted(claims, answer, token, cloud, atIssue, told) {
  const { ok } = answer.verdict ?? {};
  const findings = ok?.findings.filter((one) => one.code !== 'no-credentials' && !SHOWN_ELSEWHERE.includes(one.code)) ?? [];
  // No credential helps a token that Entra refuses in any case.
  if (findings[0]?.severity === 'error' && !TIMES.includes(findings[0].claim ?? ''))
    return verdict(claims, answer, cloud, atIssue, told);
  const title = (/** @type {'info' | 'warning'} */ name, /** @type {string} */ text) =>
    h('header', null, icon(name), h('h2', { id: 'wanted-title' }, text));
  const obstacle = ok?.findings.find((one) => one.code === 'no-credentials')?.remedy;
  if (obstacle !== undefined && !(isCommand(obstacle) && isAzure(obstacle))) {
    const why = findings.find((one) => OF_SUBJECT.includes(one.code));
    // A credential for such a subject matches, and only for a few runs or for other jobs too.
    const matches = why !== undefined && why.code !== OF_SUBJECT[0];
    return h(
      'section.card.wanted',
      { 'aria-labelledby': 'wanted-title' },
      title(
        'warning',
        matches ? 'Change the subject before you create a credential' : 'No credential can match this token',
      ),
      why && h('p.reason', null, sentence(why.message)),
      h('div.remedy', null, h('h3', null, 'What to do'), step(obstacle)),
      unchecked(answer),
      rest(
        claims,
        answer,
        findings.filter((one) => one !== why),
        cloud,
        told,
      ),
    );
  }
  const { ok: written, fault } = result(() => claims.writeCredentials({ token, format: 'az', cloud, shell: shell() }));
  return h(
    'section.card.wanted',
    { 'aria-labelledby': 'wanted-title' },
    title('info', 'The credential for this token'),
    h(
      'p.reason',
      null,
      'Paste the existing credentials to see whether one of them matches. If there is none for this pipeline, create it:',
    ),
    written ? [remedies(claims, written.text.trimEnd(), { token, cloud }), noteList(written.notes)] : fault && faultBox(fault),
    unchecked(answer),
    rest(claims, answer, findings, cloud, told),
  );
}
