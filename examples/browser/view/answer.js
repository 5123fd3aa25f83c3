// The answer as a list of cards: verdict, error, credentials, token.

import { unwrapped } from '../pasted.js';
import { copyable } from './copy.js';
import { credentials } from './credentials.js';
import { h, icon, prose } from './dom.js';
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
  /** @type {Set<string>} */
  const told = new Set();
  const isAnswered = isErrorAnswered(answer);
  const verdictCard = () => first(claims, given, answer, atIssue, told);
  const errorCards = () => explanations(answer, isAnswered, told);
  const list = [
    problems,
    recognised(answer),
    answer.explanations?.ok?.length && !isAnswered ? [errorCards(), verdictCard()] : [verdictCard(), errorCards()],
    credentials(answer),
    token(answer, titles),
  ];
  return list.flat(3).filter((one) => one instanceof Node);
}

/**
 * Whether the verdict explains the pasted error: it predicts the same code for this token and these credentials.
 * @param {Answer} answer
 */
function isErrorAnswered({ credentials, verdict, explanations }) {
  const predicted = verdict?.ok?.predictedAadsts;
  return credentials?.ok !== undefined && predicted !== undefined && explanations?.ok?.[0]?.aadsts === predicted;
}

/**
 * Says what the text in the token's field was taken for, if it is not only a token.
 * @param {Answer} answer
 */
function recognised({ pasted, isMisplaced }) {
  if (isMisplaced) {
    const text = 'an error or a log in the field of the token. It is explained as an error; no subject is taken from it.';
    return h('p.notice.recognised', null, icon('info'), h('span', null, h('strong', null, 'Recognised: '), text));
  }
  if (!pasted) return null;
  const [hint] = pasted.fault?.hints ?? [];
  return h(
    'p.notice.recognised',
    null,
    icon('info'),
    h(
      'span',
      null,
      h('strong', null, 'Recognised: '),
      `a token with ${pasted.around.join(' and ')} around it. Only the token is checked.`,
      hint !== undefined && [' A job must not send it like this: ', prose(hint), '.'],
    ),
  );
}

/**
 * @param {Claims} claims
 * @param {Given} given
 * @param {Answer} answer
 * @param {() => void} atIssue
 * @param {Set<string>} told
 */
function first(claims, given, answer, atIssue, told) {
  const isInspected = answer.inspection?.ok !== undefined;
  const isExplained = (answer.explanations?.ok?.length ?? 0) > 0;
  if (answer.verdict && (answer.credentials || (answer.kind === 'token' && !isInspected))) {
    return verdict(claims, answer, given.cloud, atIssue, told);
  }
  if (isExplained) return null;
  if (answer.verdict && answer.kind === 'token') {
    const presented = given.presented.trim();
    return wanted(claims, answer, unwrapped(presented)?.token ?? presented, given.cloud, atIssue, told);
  }
  if (answer.kind && !answer.credentials) {
    const text = 'Paste the credentials of the application or managed identity to see whether one of them would match.';
    return h('section.card.empty', null, h('h2', null, 'No credentials yet'), h('p', null, text));
  }
  if (answer.credentials?.ok && !answer.kind && !answer.explanations) {
    const text =
      'Paste the ID token of a job, its claims as JSON, or its future subject. With only an error, paste the error or the log.';
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
      step('Paste the error', ' or the log, if there is one. It is answered without a token too.'),
    ),
  );
}
