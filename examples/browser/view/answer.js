// The answer as a list of cards: verdict, error, credentials, token.

import { copyable } from './copy.js';
import { credentials } from './credentials.js';
import { h } from './dom.js';
import { explanations } from './explanations.js';
import { token } from './token.js';
import { problem, verdict, wanted } from './verdict.js';

/** @typedef {import('../ask.js').Answer} Answer */
/** @typedef {import('../ask.js').Given} Given */
/** @typedef {import('../component.js').Claims} Claims */

/**
 * @param {Claims} claims
 * @param {Given} given
 * @param {Answer} answer
 * @param {Map<string, string>} titles Names of the platforms, for people.
 * @param {() => void} atIssue Checks for the time at which the token was issued.
 * @returns {Node[]}
 */
export function cards(claims, given, answer, titles, atIssue) {
  const problems = [
    answer.credentials?.fault && problem('These credentials cannot be read', answer.credentials.fault),
    answer.keys?.fault && problem('These keys cannot be used', answer.keys.fault),
    answer.inspection?.fault && !answer.verdict?.ok && problem('This is not a token', answer.inspection.fault),
  ];
  const list = [
    ...problems,
    first(claims, given, answer, atIssue),
    explanations(answer),
    credentials(answer),
    token(answer, titles),
  ];
  return list.flat().filter((one) => one instanceof Node);
}

/**
 * @param {Claims} claims
 * @param {Given} given
 * @param {Answer} answer
 * @param {() => void} atIssue
 */
function first(claims, given, answer, atIssue) {
  const isInspected = answer.inspection?.ok !== undefined;
  if (answer.verdict && (answer.credentials || (answer.kind === 'token' && !isInspected))) {
    return verdict(claims, answer, given.cloud, atIssue);
  }
  if (answer.verdict && answer.kind === 'token') return wanted(claims, answer, given.presented.trim(), given.cloud);
  if (answer.kind && !answer.credentials) {
    const text = 'Paste the credentials of the application or managed identity to see whether one of them would match.';
    return h('section.card.empty', null, h('h2', null, 'No credentials yet'), h('p', null, text));
  }
  if (answer.credentials?.ok && !answer.kind) {
    const text = 'Paste the ID token of a job, its claims as JSON, or its future subject.';
    return h('section.card.empty', null, h('h2', null, 'No token yet'), h('p', null, text));
  }
  return null;
}

/** The card that is shown before anything was pasted. */
export function welcome() {
  const about =
    'Entra compares the issuer, subject and audience of a token with those of each credential, character by character. ' +
    'This page shows which one differs, the error that follows, and the command that corrects it.';
  const forApplication = 'az ad app federated-credential list --id CLIENT_ID';
  const forIdentity = 'az identity federated-credential list --identity-name NAME --resource-group GROUP';
  const step = (/** @type {string} */ what, /** @type {import('./dom.js').Child[]} */ ...more) =>
    h('li', null, h('strong', null, what), more);
  return h(
    'section.card.welcome',
    { 'aria-labelledby': 'welcome-title' },
    h('h2', { id: 'welcome-title' }, 'One wrong character is enough'),
    h('p', null, about),
    h(
      'ol',
      null,
      step('Paste the ID token', ' of the job, its claims, or only the subject.'),
      step(
        'Paste the credentials',
        ' of the application or managed identity, as these commands print them:',
        copyable(forApplication, 'the command for an application'),
        copyable(forIdentity, 'the command for a managed identity'),
      ),
      step('Paste the error', ' if there is one. Paste the issuer’s keys to check the signature too.'),
    ),
  );
}
