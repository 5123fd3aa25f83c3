// Calls the component with the contents of the fields. Uses no DOM, so it also runs in Node.

import { recognise } from './recognise.js';

/** @typedef {import('./component.js').Claims} Claims */
/** @typedef {import('./interfaces/azure-oidc-federation-claims.js').Inspection} Inspection */
/** @typedef {import('./interfaces/azure-oidc-federation-claims.js').Verdict} Verdict */
/** @typedef {import('./interfaces/azure-oidc-federation-claims.js').Finding} Finding */
/** @typedef {import('./interfaces/azure-oidc-federation-claims.js').Comparison} Comparison */
/** @typedef {import('./interfaces/azure-oidc-federation-claims.js').Verification} Verification */
/** @typedef {import('./interfaces/azure-oidc-federation-claims.js').Explanation} Explanation */
/** @typedef {import('./interfaces/azure-oidc-federation-types.js').Fault} Fault */

/**
 * @typedef {object} Given The contents of the fields.
 * @property {string} presented A token, claims as JSON, or a subject.
 * @property {string} credentials
 * @property {string} error
 * @property {string} keys
 * @property {string} issuer The issuer for a subject. If empty: that of the most similar credential.
 * @property {string} audience The audience for a subject. If empty: that of the most similar credential.
 * @property {string} cloud
 * @property {number} now The time to check for, in seconds since 1970.
 * @property {boolean} atIssue Whether to check for the time at which the token was issued instead.
 */

/**
 * @template T
 * @typedef {{ ok: T, fault?: undefined } | { ok?: undefined, fault: Fault }} Result
 */

/**
 * @typedef {object} Answer
 * @property {import('./recognise.js').Kind | undefined} kind The kind of the first field.
 * @property {Result<Inspection> | undefined} inspection
 * @property {Result<Verdict> | undefined} verdict Without credentials: what is wrong with the token itself.
 * @property {Result<Comparison[]> | undefined} credentials The credentials, even if there is no token.
 * @property {Result<Verification> | undefined} verification
 * @property {Result<Explanation[]> | undefined} explanations
 * @property {Result<number> | undefined} keys The number of keys, or why they cannot be used.
 * @property {{ issuer: string, audience: string } | undefined} expected The assumed issuer and audience of a subject.
 * @property {number} now The time of the check.
 */

/**
 * @param {Claims} claims
 * @param {Given} given
 * @returns {Answer}
 */
export function ask(claims, given) {
  const presented = given.presented.trim();
  const kind = presented === '' ? undefined : presentedKind(presented);
  const credentials = given.credentials.trim() === '' ? undefined : result(() => read(claims, given.credentials));
  const expected = kind === 'subject' ? completed(given, presented, credentials?.ok ?? []) : undefined;
  const keys = given.keys.trim() === '' ? undefined : result(() => counted(claims, given.keys));
  const usableKeys = keys?.ok === undefined ? undefined : given.keys;

  const claimsJson =
    kind === 'claims' ? presented : JSON.stringify({ iss: expected?.issuer, sub: presented, aud: expected?.audience });
  const token = kind === 'token' ? presented : unsigned(claimsJson);
  const inspection = kind && result(() => claims.inspect(token));
  const issued = inspection?.ok?.issuedAt;
  const now = given.atIssue && issued !== undefined ? Number(issued) : given.now;

  const question = {
    ...(kind === 'token' && { token: presented, jwks: usableKeys }),
    ...(kind === 'claims' && { claimsJson: presented }),
    ...(expected && { issuer: expected.issuer, subject: presented, audience: expected.audience || undefined }),
    credentials: credentials ? given.credentials : '[]',
    now: BigInt(now),
    cloud: given.cloud,
  };
  const answerable = kind && credentials?.fault === undefined && (!expected || expected.issuer !== '');
  return {
    kind,
    inspection,
    credentials,
    expected,
    now,
    keys,
    verdict: answerable ? result(() => claims.check(question)) : undefined,
    verification: kind === 'token' && usableKeys ? result(() => claims.verify(presented, usableKeys)) : undefined,
    explanations:
      given.error.trim() === '' ? undefined : result(() => claims.explain(given.error, inspection?.ok ? token : undefined)),
  };
}

/**
 * The kind of the text in the token's field, which is always one of these three.
 * @param {string} text
 * @returns {'token' | 'claims' | 'subject'}
 */
function presentedKind(text) {
  const kind = recognise(text);
  if (kind === 'token' || kind === 'claims' || kind === 'subject') return kind;
  return /^\{\s*"/.test(text) ? 'claims' : text.includes('\n') ? 'token' : 'subject';
}

/**
 * Reads credentials with the component. Its function needs a token, so it gets a placeholder.
 * @param {Claims} claims
 * @param {string} credentials
 */
function read(claims, credentials) {
  return claims.check({ issuer: 'https://none.invalid', subject: 'none', credentials, now: 0n }).credentials;
}

/**
 * The number of keys in a set that the component accepts.
 * @param {Claims} claims
 * @param {string} jwks
 */
function counted(claims, jwks) {
  claims.verify(unsigned('{}'), jwks);
  return JSON.parse(jwks).keys?.length ?? 1;
}

/**
 * Issuer and audience for a subject: the typed ones, or those of the credential with the longest common prefix.
 * @param {Given} given
 * @param {string} subject
 * @param {Comparison[]} credentials
 */
function completed(given, subject, credentials) {
  const likeliest = credentials.reduce(
    (/** @type {{ shared: number, one?: Comparison }} */ best, one) => {
      const shared = common(one.subject ?? '', subject);
      return shared > best.shared ? { shared, one } : best;
    },
    { shared: -1 },
  ).one;
  return {
    issuer: given.issuer.trim() || (likeliest?.issuer ?? ''),
    audience: given.audience.trim() || (likeliest?.audience ?? ''),
  };
}

/**
 * @param {string} one
 * @param {string} other
 */
function common(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

/**
 * Claims as an unsigned token, for functions that accept only tokens.
 * @param {string} claimsJson
 */
export function unsigned(claimsJson) {
  return `${base64url('{"alg":"none"}')}.${base64url(claimsJson)}.`;
}

/** @param {string} text */
export function base64url(text) {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/**
 * Returns a fault as an answer. Any other exception is a defect and is thrown again.
 * @template T
 * @param {() => T} call
 * @returns {Result<T>}
 */
export function result(call) {
  try {
    return { ok: call() };
  } catch (error) {
    const fault = /** @type {any} */ (error);
    if (typeof fault?.code === 'string' && Array.isArray(fault.hints)) return { fault };
    throw error;
  }
}
