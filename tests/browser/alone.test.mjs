// Tests without a browser: the page's modules and the component in Node without JSPI, and the modules that only compute.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { NOW, PAGE, commandLine, expected, samples } from './stage.mjs';

const module = (name) => import(pathToFileURL(resolve(PAGE, name)));
const { early, load, STILL_LOADING } = await module('component.js');
const { ask } = await module('ask.js');
const { filled } = await module('samples.js');
const { align } = await module('align.js');
const { recognise } = await module('recognise.js');
const { wordOf } = await module('words.js');
const parts = new Uint8Array(readFileSync(resolve(PAGE, 'azure_oidc.parts.bin')));
const component = await load(parts);
const given = {
  presented: '',
  credentials: '',
  error: '',
  keys: '',
  issuer: '',
  audience: '',
  cloud: 'public',
  shell: 'bash',
  now: NOW,
  atIssue: false,
};

test('the digest is the one that the native program prints', () => {
  assert.equal(
    component.digest,
    commandLine(['component', '--digest'])
      .trim()
      .replace(/^sha256:/, ''),
  );
});

test('each sample gets the answer of the command line in an engine without JSPI', () => {
  assert.equal(typeof WebAssembly.promising, 'undefined', 'this Node has JSPI, so the test proves nothing');
  for (const sample of samples) {
    for (const which of ['near', 'right']) {
      const { presented, credentials } = filled(component.claims, sample, which, NOW);
      const { verdict } = ask(component.claims, { ...given, presented, credentials });
      const args = ['check', '--id-token-env', 'T', '--credential', 'fics.json', '--now', String(NOW), '--output', 'json'];
      const said = JSON.parse(commandLine(args, { token: presented, files: { 'fics.json': credentials } }));
      assert.equal(verdict.ok.outcome, said.verdict, sample.title);
      assert.deepEqual(
        verdict.ok.findings.map((one) => [one.code, one.message, one.position ?? null]),
        said.findings.map((one) => [one.code, inFields(one.message), one.position]),
        sample.title,
      );
      assert.equal(expected(said).verdict, verdict.ok.outcome);
    }
  }
});

/** A message of the command line in the words of the typed interface. */
function inFields(message) {
  return message.replace('`--discover` or `--jwks FILE`', '`jwks`');
}

test('the first part of the component answers as the whole, or says that the answer is still loading', async () => {
  const { claims } = await early(parts);
  const cases = fileURLToPath(new URL('../../crates/core/testdata/explain/cases/', import.meta.url));
  const logs = readdirSync(cases).map((name) => ({ error: readFileSync(resolve(cases, name, 'log.txt'), 'utf8') }));
  const tokens = samples.flatMap((sample) => ['near', 'right'].map((which) => filled(component.claims, sample, which, NOW)));
  const alone = tokens.map(({ presented }) => ({ presented }));
  const counts = { answered: 0, waiting: 0 };
  for (const input of [...tokens, ...alone, ...logs]) {
    for (const shell of ['bash', 'powershell']) {
      const [first, whole] = [claims, component.claims].map((one) => ask(one, { ...given, ...input, shell }));
      const isWaiting = Object.values(first).some((one) => one?.fault?.code === STILL_LOADING);
      counts[isWaiting ? 'waiting' : 'answered']++;
      if (!isWaiting) assert.deepEqual(first, whole);
    }
  }
  for (const { presented } of tokens) {
    const credentials = JSON.stringify([{ name: 'x', issuer: 'https://gitlab.com', subject: 'x', audiences: ['api://AzureADTokenExchange'] }]);
    assert.ok(ask(claims, { ...given, presented, credentials }).verdict.ok, 'a token has no early answer');
  }
  assert.ok(counts.answered > counts.waiting, JSON.stringify(counts));
});

test('for PowerShell only the commands differ', () => {
  let commands = 0;
  for (const sample of samples) {
    const { presented, credentials } = filled(component.claims, sample, 'near', NOW);
    const [bash, powershell] = ['bash', 'powershell'].map((shell) =>
      ask(component.claims, { ...given, presented, credentials, shell }),
    );
    const without = ({ findings }) => findings.map(({ remedy, ...rest }) => rest);
    assert.deepEqual(without(powershell.verdict.ok), without(bash.verdict.ok), sample.title);
    assert.deepEqual(powershell.inBash.ok, bash.verdict.ok);
    bash.verdict.ok.findings.forEach(({ remedy }, index) => {
      if (!remedy?.startsWith('az ')) return;
      commands++;
      assert.notEqual(powershell.verdict.ok.findings[index].remedy, remedy);
      assert.match(powershell.verdict.ok.findings[index].remedy, /^(az |Set-Content |if \(!\$env:)[^`]*$/);
    });
  }
  assert.ok(commands > 5, `only ${commands} commands`);
});

test('a fault is an answer and does not affect the next call', () => {
  const sample = filled(component.claims, samples[0], 'right', NOW);
  const bad = ask(component.claims, { ...given, ...sample, credentials: '{"appId": "1"}' });
  assert.equal(bad.credentials.fault.code, 'credential-form-unknown');
  assert.equal(bad.verdict, undefined);
  assert.equal(ask(component.claims, { ...given, ...sample }).verdict.ok.outcome, 'match');
});

test('recognising a text takes time that grows with its length', () => {
  for (const piece of ['"', ' ', '\n', 'Issuer ', '---', 'a=', 'bearer ', '"value": "ey', '{', 'eyJ.', 'https://.', 'issuer: ']) {
    const time = (count) => {
      const text = piece.repeat(count);
      const once = () => {
        const start = performance.now();
        recognise(text);
        return performance.now() - start;
      };
      return Math.min(once(), once(), once());
    };
    // Work that grows with the square would take 256 times as long.
    assert.ok(time(64_000) < 100 * Math.max(time(4000), 1), `${JSON.stringify(piece)}: ${time(4000)} ms, ${time(64_000)} ms`);
  }
});

test("every part of every platform has its name in the platform's console", () => {
  for (const platform of component.claims.platforms()) {
    const words = platform.parts.map((part) => wordOf(platform.name, part.name));
    assert.ok(words.every(Boolean), `${platform.name}: ${platform.parts.map((part) => part.name)} are ${words}`);
    assert.equal(new Set(words).size, words.length, `${platform.name} has two parts with the same name`);
  }
});

test('aligned strings are complete, and the marked characters differ', () => {
  const cases = [
    ['refs/heads/Main', 'refs/heads/main', [['M', 'm']]],
    ['https://gitlab.com/', 'https://gitlab.com', [['/', '']]],
    ['a:b', 'a:b', []],
    ['ref:refs/heads/main', 'environment:production', [['ref:refs/heads/main', 'environment:production']]],
    ['deploy-x', 'deploy-yx', [['', 'y']]],
    ['group/Web', 'group/web', [['W', 'w']]],
    [
      'a:Yes',
      'a:yeS',
      [
        ['Y', 'y'],
        ['s', 'S'],
      ],
    ],
    ['', 'x', [['', 'x']]],
    [
      'project:OIDC_Test',
      'project:oidc_test',
      [
        ['OIDC', 'oidc'],
        ['T', 't'],
      ],
    ],
    ['repo:o/r:environment:prod', 'repo:o/r:ref:refs/heads/main', [['environment:prod', 'ref:refs/heads/main']]],
    ['job:deploy', 'job:depl\u043ey', [['o', '\u043e']]],
    ['a😀b', 'a😀c', [['b', 'c']]],
    ['x'.repeat(2000), 'y'.repeat(2000), [['x'.repeat(2000), 'y'.repeat(2000)]]],
  ];
  for (const [one, other, marked] of cases) {
    const stretches = align(one, other);
    assert.equal(stretches.flatMap((stretch) => stretch.one).join(''), one);
    assert.equal(stretches.flatMap((stretch) => stretch.other).join(''), other);
    for (const stretch of stretches.filter((stretch) => stretch.same)) assert.deepEqual(stretch.one, stretch.other);
    assert.deepEqual(
      stretches.filter((stretch) => !stretch.same).map((stretch) => [stretch.one.join(''), stretch.other.join('')]),
      marked,
    );
  }
});

test('a pasted text is recognised by its form', () => {
  const cases = {
    token: [
      'eyJhbGciOiJSUzI1NiJ9.e30.eA',
      ' eyJhbGciOiJSUzI1NiJ9.e30.eA\n',
      'Bearer eyJhbGciOiJSUzI1NiJ9.e30.eA',
      '"eyJhbGciOiJSUzI1NiJ9.e30.eA"',
      'ID_TOKEN=eyJhbGciOiJSUzI1NiJ9.e30.eA',
      '{"value": "eyJhbGciOiJSUzI1NiJ9.e30.eA"}',
      'eyJhbGciOiJSUzI1\nNiJ9.e30.eA',
      'eyJhbGciOiJSUzI1NiJ9.e30',
    ],
    claims: ['{"iss": "x", "sub": "y"}', '{"sub": "y", "iss": '],
    subject: [
      'repo:o/r:ref:refs/heads/main',
      'organization:acme:project:Default Project:workspace:web:run_phase:apply',
      'sc://contoso/Payments/azure-prod',
      '104857632190485763219',
      '{6f0f5a3e}:{d1b7c6a5}',
      'Hue1lBsaSx2APlXjzVEPIg',
      'repo:o/r:environment:My error budget',
      'repository_owner:acme:environment:Staging 2',
      '/eid1/c/pub/t/T0FnQ2g4YQ/a/UXdFcg/sc/contoso/Azure prod',
    ],
    credentials: [
      'Name  Issuer  Subject\n----  ------  -------\ngh  https://x  repo:o/r',
      '- issuer: https://x\n  subject: repo:o/r\n',
      'WARNING: x\n[{"issuer": "https://x", "subject": "repo:o/r"}]',
      '[]',
      '[{"name": "x"}]',
      '{"value": []}',
      '{"issuer": "x", "subject": "y"}',
      '{"resource": {}}',
    ],
    keys: ['{"keys": []}', '{"kty": "RSA", "n": "x", "e": "AQAB"}'],
    error: [
      'AADSTS700213: No matching',
      '700213',
      '{"error": "invalid_client", "error_codes": [700213]}',
      'line one\nERROR: AADSTS70025: x',
      'some\nlog',
      'Error: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable',
      'error:no token',
      'AuthorizationFailed',
      'invalid_client',
      'AADB2C90289: x',
      '{"oidcToken": null}',
      '{"error": {"code": "AuthorizationFailed"}}',
      '{"status": {"errorCode": 700213}}',
      '{"level":"error"}\n{"level":"info"}',
    ],
  };
  for (const [kind, texts] of Object.entries(cases)) for (const text of texts) assert.equal(recognise(text), kind, text);
  assert.equal(recognise(' \n'), undefined);
});
