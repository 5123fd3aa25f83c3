// Sample tokens with credentials: right ones, which the component writes, and nearly right ones.

import { base64url, unsigned } from './ask.js';

/** @typedef {import('./component.js').Claims} Claims */

/**
 * @typedef {object} Sample A row of samples.json.
 * @property {string} platform
 * @property {string} title
 * @property {string} issuer
 * @property {number} lifetime Seconds from `iat` to `exp`.
 * @property {Record<string, unknown>} claims The claims that the emulator puts into tokens of this platform.
 * @property {{ member: 'issuer' | 'subject' | 'audience', from: string, to: string }} [near] The mistake in the nearly right credential.
 * @property {{ subject: string }} [credential] The credential for a platform whose subjects change with every run.
 */

/** @typedef {{ presented: string, credentials: string, keys: string }} Filled */

const AUDIENCE = 'api://AzureADTokenExchange';
/** An error as Entra words it. */
export const ERROR =
  "AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:octo-org/octo-repo:ref:refs/heads/main'. " +
  'Check your federated identity credential Subject, Audience and Issuer against the presented assertion.';

/** @returns {Promise<Sample[]>} */
export async function samples() {
  const response = await fetch('samples.json');
  if (!response.ok) throw new Error(`samples.json: HTTP ${response.status}`);
  return response.json();
}

/**
 * An unsigned token.
 * @param {Sample} sample
 * @param {number} now
 */
export function token(sample, now) {
  const header = { alg: 'RS256', typ: 'JWT', kid: 'sample' };
  return `${base64url(JSON.stringify(header))}.${payload(sample, now)}.${base64url('this sample is not signed '.repeat(10))}`;
}

/**
 * An unsigned token and its credentials.
 * @param {Claims} claims
 * @param {Sample} sample
 * @param {'near' | 'right'} which
 * @param {number} now
 * @returns {Filled}
 */
export function filled(claims, sample, which, now) {
  return { presented: token(sample, now), credentials: credentials(claims, sample, which), keys: '' };
}

/**
 * Like {@link filled}, but signed with a new key and with its key set.
 * @param {Claims} claims
 * @param {Sample} sample
 * @param {'near' | 'right'} which
 * @param {number} now
 * @returns {Promise<Filled>}
 */
export async function signed(claims, sample, which, now) {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { kty, n, e } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const header = { alg: 'RS256', typ: 'JWT', kid: 'made-in-this-page' };
  const input = `${base64url(JSON.stringify(header))}.${payload(sample, now)}`;
  const bytes = await crypto.subtle.sign(algorithm.name, pair.privateKey, new TextEncoder().encode(input));
  const signature = btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
  const keys = JSON.stringify({ keys: [{ kty, n, e, kid: header.kid, alg: header.alg, use: 'sig' }] }, null, 2);
  return { presented: `${input}.${signature}`, credentials: credentials(claims, sample, which), keys };
}

/**
 * @param {Sample} sample
 * @param {number} now
 */
function payload(sample, now) {
  const jti = sample.claims.jti === undefined ? undefined : `${sample.platform}-${now}`;
  return base64url(
    JSON.stringify({ iss: sample.issuer, ...sample.claims, jti, iat: now - 20, nbf: now - 20, exp: now - 20 + sample.lifetime }),
  );
}

/**
 * @param {Claims} claims
 * @param {Sample} sample
 * @param {'near' | 'right'} which
 */
function credentials(claims, sample, which) {
  const audience = [sample.claims.aud].flat()[0];
  const subject = sample.claims.sub;
  if (sample.credential) {
    const one = {
      name: 'first-run',
      issuer: sample.issuer,
      subject,
      audiences: [audience],
      ...(which === 'near' && sample.credential),
    };
    return JSON.stringify([one], null, 2);
  }
  const token = unsigned(JSON.stringify({ iss: sample.issuer, ...sample.claims }));
  const written = JSON.parse(claims.credential({ token, format: 'graph' }));
  const { near } = sample;
  const list = [written].flat().map((one, index, { length }) => {
    one.name = length > 1 ? `deploy-${index + 1}` : 'deploy';
    if (which === 'right' || !near) return one;
    const edited = (/** @type {string} */ text) => text.replace(near.from, near.to);
    return near.member === 'audience'
      ? { ...one, audiences: one.audiences.map(edited) }
      : { ...one, [near.member]: edited(one[near.member]) };
  });
  const other = { name: 'another-pipeline', issuer: 'https://ci.example.org', subject: 'project:website', audiences: [AUDIENCE] };
  return JSON.stringify([...list, other], null, 2);
}
