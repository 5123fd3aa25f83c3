// What a first visitor asks: checks of the samples, and explanations of common errors. The first part of the component has the
// functions that these need.

import { ask } from '../ask.js';
import { ERROR, token } from '../samples.js';

const NOW = 1_790_000_000;
const NOTHING = { presented: '', credentials: '', error: '', keys: '', issuer: '', audience: '', cloud: 'public', shell: 'bash', now: NOW, atIssue: false };
const SUBJECT = 'repo:octo-org/octo-repo:ref:refs/heads/main';
const CREDENTIALS = JSON.stringify([
  {
    name: 'deploy',
    issuer: 'https://token.actions.githubusercontent.com',
    subject: SUBJECT.replace('main', 'Main'),
    audiences: ['api://AzureADTokenExchange'],
  },
]);
/** What is wrong with these credentials keeps the component busiest. */
const UNUSUAL = JSON.stringify(
  [
    ['https://gitlab.com', 'x'],
    ['https://token.actions.githubusercontent.com/', 'repo:octo-org/*'],
    ['https://kubernetes.default.svc.cluster.local', 'system:serviceaccount:default:web '],
    ['https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0', '22222222-2222-4222-8222-222222222222'],
  ].map(([issuer, subject], index) => ({ name: `one-${index}`, issuer, subject, audiences: ['api://AzureADTokenExchange'] })),
);

/**
 * @param {typeof import('../azure_oidc.js').instantiate} instantiate
 * @param {WebAssembly.Module} module
 * @param {(exports: WebAssembly.Exports) => void} seen
 * @param {import('../samples.js').Sample[]} rows
 */
export function work(instantiate, module, seen, rows) {
  const imports = importsOf(module);
  const { claims } = instantiate(
    () => module,
    {},
    (module) => {
      const instance = new WebAssembly.Instance(module, imports);
      seen(instance.exports);
      return instance;
    },
  );
  claims.platforms();
  ask(claims, { ...NOTHING, error: ERROR });
  ask(claims, { ...NOTHING, error: ERROR, credentials: CREDENTIALS });
  ask(claims, { ...NOTHING, presented: SUBJECT, credentials: CREDENTIALS });
  for (const row of rows) {
    const { iss = row.issuer, sub, aud } = row.claims;
    for (const subject of [sub, `${sub}-2`]) {
      const credentials = JSON.stringify([{ name: 'deploy', issuer: iss, subject, audiences: [aud].flat() }]);
      ask(claims, { ...NOTHING, presented: token(row, NOW), credentials });
    }
    for (const credentials of ['', CREDENTIALS, UNUSUAL]) ask(claims, { ...NOTHING, presented: token(row, NOW), credentials });
  }
}

/**
 * Functions for all imports of a module, which none of the offline functions calls.
 * @param {WebAssembly.Module} module
 */
function importsOf(module) {
  /** @type {Record<string, Record<string, () => never>>} */
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => {
      throw new Error(`the component called ${from} ${name}`);
    };
  }
  return imports;
}
