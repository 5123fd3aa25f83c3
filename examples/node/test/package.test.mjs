// Tests the package. `cargo xtask conformance` tests exchanges with a local Entra.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { claims } from 'azure-oidc-example';

const bin = fileURLToPath(new URL('../bin/azure-oidc.mjs', import.meta.url));
const run = (args, env = {}) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });

test('the typed functions answer', () => {
  const [explanation] = claims.explain('AADSTS700213', undefined);
  assert.equal(explanation.aadsts, 700213);
});

test('a fault is thrown as the payload of an error', () => {
  assert.throws(() => claims.inspect('not a token'), (error) => error.payload.exitCode === 3 && error.payload.code !== '');
});

test('the command line prints and ends with 0 or 1', () => {
  const done = run(['explain', '700213']);
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /^AADSTS700213: /);
  const failed = run(['explain']);
  assert.equal(failed.status, 1);
  assert.doesNotMatch(failed.stderr, /node:|file:/);
});

test('the component gets only the named variables', () => {
  const hidden = run(['inspect', '--id-token-env', 'T'], { T: 'not a token' });
  assert.match(hidden.stderr, /`T`.*not set/);
  const shown = run(['--show', 'T', 'inspect', '--id-token-env', 'T'], { T: 'not a token' });
  assert.doesNotMatch(shown.stderr, /not set/);
});
