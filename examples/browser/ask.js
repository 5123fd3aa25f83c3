// Calls the component with the contents of the fields. Uses no DOM, so it also runs in Node.

import { unwrapped } from './pasted.js';
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
 * @property {import('./view/shell.js').Shell} shell The shell that commands are written for.
 * @property {boolean} atIssue Whether to check for the time at which the token was issued instead.
 */

/**
 * @typedef {object} Pasted What was around a token.
 * @property {string[]} around Its names, such as `quotes`.
 * @property {Fault | undefined} fault What the component says about the text as it is.
 */

/**
 * @template T
 * @typedef {{ ok: T, fault?: undefined } | { ok?: undefined, fault: Fault }} Result
 */

/**
 * @typedef {object} Answer
 * @property {'token' | 'claims' | 'subject' | undefined} kind The kind of the first field.
 * @property {boolean} isMisplaced Whether the first field contains an error, which is explained like one in its own field.
 * @property {Pasted | undefined} pasted What was around the token in the first field.
 * @property {Result<Inspection> | undefined} inspection
 * @property {Result<Verdict> | undefined} verdict Without credentials: what is wrong with the token itself.
 * @property {Result<Verdict> | undefined} inBash The verdict with all commands for bash, which say what a command is about.
 * @property {Result<Comparison[]> | undefined} credentials The credentials, even if there is no token.
 * @property {Result<Verification> | undefined} verification
 * @property {Result<Explanation[]> | undefined} explanations
 * @property {string[]} notes What to know about the document with the credentials.
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
  const whole = given.presented.trim();
  const kind = presentedKind(whole);
  const isMisplaced = whole !== '' && kind === undefined;
  const inside = kind === 'token' ? unwrapped(whole) : undefined;
  const presented = inside?.token ?? whole;
  const credentials = given.credentials.trim() === '' ? undefined : result(() => read(claims, given.credentials));
  const expected = kind === 'subject' ? completed(given, presented, credentials?.ok?.list ?? []) : undefined;
  const keys = given.keys.trim() === '' ? undefined : result(() => counted(claims, given.keys));
  const usableKeys = keys?.ok === undefined ? undefined : given.keys;

  // The component reads a decoded token, header and claims, where it expects a token.
  const isDecoded = kind === 'claims' && !isClaims(presented) && result(() => claims.inspect(presented)).ok !== undefined;
  const claimsJson =
    kind === 'claims' ? presented : JSON.stringify({ iss: expected?.issuer, sub: presented, aud: expected?.audience });
  const token = kind === 'token' || isDecoded ? presented : unsigned(claimsJson);
  const inspection = kind && result(() => claims.inspect(token));
  const issued = inspection?.ok?.issuedAt;
  const now = given.atIssue && issued !== undefined ? Number(issued) : given.now;

  const question = {
    ...(kind === 'token' && { token: presented, jwks: usableKeys }),
    ...(kind === 'claims' && (isDecoded ? { token: presented } : { claimsJson: presented })),
    ...(expected && { issuer: expected.issuer, subject: presented, audience: expected.audience || undefined }),
    credentials: credentials ? given.credentials : '[]',
    now: BigInt(now),
    cloud: given.cloud,
  };
  const { shell } = given;
  const answerable = kind && credentials?.fault === undefined && (!expected || expected.issuer !== '');
  const inBash = answerable ? result(() => claims.check(question)) : undefined;
  const verdict = inBash && shell !== 'bash' ? result(() => claims.check({ ...question, shell })) : inBash;
  const text = [given.error, isMisplaced ? whole : ''].join('\n').trim();
  const refusal = {
    text,
    token: inspection?.ok && (isDecoded ? unsigned(inspection.ok.claimsJson) : token),
    credentials: credentials?.ok?.list.length ? given.credentials : undefined,
    now: BigInt(now),
    shell,
  };
  const explained = text === '' ? undefined : result(() => claims.explainRefusal(refusal));
  return {
    kind,
    isMisplaced,
    pasted: inside?.around.length ? { around: inside.around, fault: result(() => claims.inspect(whole)).fault } : undefined,
    inspection,
    credentials: credentials?.ok ? { ok: credentials.ok.list } : credentials,
    expected,
    now,
    keys,
    verdict,
    inBash,
    verification: kind === 'token' && usableKeys ? result(() => claims.verify(presented, usableKeys)) : undefined,
    explanations: explained?.ok ? { ok: explained.ok.explanations } : explained,
    notes: verdict?.ok?.notes ?? credentials?.ok?.notes ?? [],
  };
}

/**
 * The kind of the text in the token's field. Undefined for an error: a log is no token and no subject.
 * @param {string} text
 * @returns {'token' | 'claims' | 'subject' | undefined}
 */
function presentedKind(text) {
  const kind = recognise(text);
  if (kind === 'error') return undefined;
  return kind === 'credentials' || kind === 'keys' ? 'claims' : kind;
}

/**
 * Whether the text is a JSON object with a token's claims.
 * @param {string} text
 */
function isClaims(text) {
  try {
    const value = JSON.parse(text);
    return 'iss' in value || 'sub' in value;
  } catch {
    return false;
  }
}

/**
 * Reads credentials with the component. Its function needs a token, so it gets a placeholder.
 * @param {Claims} claims
 * @param {string} credentials
 */
function read(claims, credentials) {
  const { credentials: list, notes } = claims.check({ issuer: 'https://none.invalid', subject: 'none', credentials, now: 0n });
  return { list, notes };
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
