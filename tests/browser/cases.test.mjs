// Pastes real inputs into the page, as a new user does: the log, the credentials and the token of each case. Each answer must say
// one thing to do, the same as the command line.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandLine, isCommand, paste, sentence, stage, values } from './stage.mjs';

const DATA = fileURLToPath(new URL('../../crates/core/testdata/', import.meta.url));
/** What the answers to the logs say and never say. The jobs' own tests read the same table. */
const LOGS = JSON.parse(readFileSync(join(DATA, 'explain/cases.json'), 'utf8'));
const MASKS = ['***', '[MASKED]', '[secure]', '[REDACTED]'];
/** Cases without credentials: the page asks for them. */
const WITHOUT_REMEDY = { 'pasted-decoded-token': 'No credentials yet' };
/** The time, because `explain` has no option for it. */
const NOW = Math.floor(Date.now() / 1000);

let here;
before(async () => (here = await stage()));
after(() => here.close());

for (const { folder, never } of LOGS.filter((one) => one.folder)) {
  test(`the log of ${folder}`, async () => {
    const { log, credentials, token } = inputs(join(DATA, 'explain/cases', folder), 'credentials.json');
    const page = await here.open({ now: null });
    for (const text of [log, credentials, token]) if (text) await pasteAnywhere(page, text);
    const filled = await values(page);
    assert.equal(filled.error, log, 'the log is not in its field');
    assert.equal(filled.presented, token ?? '', 'the log was taken for a subject or a token');
    assert.equal(filled.credentials, credentials ?? '');

    const args = ['explain', '-', '--output', 'json'];
    if (credentials) args.push('--credential', 'fics.json');
    if (token) args.push('--id-token-env', 'T');
    const said = JSON.parse(commandLine(args, { input: log, token, files: credentials && { 'fics.json': credentials } }));
    const codes = await page.$$eval('.explanation', (all) => all.map((one) => one.dataset.explained));
    assert.deepEqual(
      codes,
      said.explanations.map((one) => one.code),
    );
    const words = await answer(page);
    for (const text of never.filter((text) => !log.includes(text)))
      assert.ok(!words.toLowerCase().includes(text.toLowerCase()), text);
    const [todo] = await oneThing(page);
    // A verdict that predicts this error is more exact than an explanation.
    const checked = token && credentials && check(token, credentials);
    const advice = checked?.predicted_error === codes[0] ? checked.findings[0].remedy : said.explanations[0].advice[0];
    assert.ok(todo.includes(isCommand(advice) ? advice : sentence(advice)), `${todo}\nis not\n${advice}`);
    await page.close();
  });
}

for (const folder of readdirSync(join(DATA, 'cases')).filter((name) => !name.endsWith('.md'))) {
  test(`the token and the credentials of ${folder}`, async () => {
    const { log, credentials, token } = inputs(join(DATA, 'cases', folder), 'fics.json');
    const page = await here.open({ now: null });
    for (const text of [credentials, token, log]) if (text) await pasteAnywhere(page, text);
    const filled = await values(page);
    assert.deepEqual([filled.presented, filled.credentials, filled.error], [token ?? '', credentials ?? '', log ?? '']);
    if (!token && !log) {
      const [one] = JSON.parse(credentials);
      await page.fill('#presented', one.subject);
      await page.fill('#expected-issuer', one.issuer);
    }
    if (WITHOUT_REMEDY[folder]) assert.equal(await page.textContent('#answer h2'), WITHOUT_REMEDY[folder]);
    else await oneThing(page);
    assert.deepEqual(page.mistakes, []);
    await page.close();
  });
}

test('an error with credentials and without a token is answered from the error', async () => {
  const page = await here.open({ now: null });
  const issuer = 'https://token.actions.githubusercontent.com';
  const error = `AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:octo-org/web:ref:refs/heads/main'. Please note that the assertion issuer is '${issuer}'.`;
  const credentials = JSON.stringify([
    { name: 'web', issuer, subject: 'repo:octo-org/web:ref:refs/heads/Main', audiences: ['api://AzureADTokenExchange'] },
  ]);
  await pasteAnywhere(page, error);
  await pasteAnywhere(page, credentials);
  const said = JSON.parse(
    commandLine(['explain', '-', '--credential', 'fics.json', '--output', 'json'], {
      input: error,
      files: { 'fics.json': credentials },
    }),
  );
  assert.equal(await page.locator('#answer .card.empty').count(), 0, 'the page still asks for a token');
  const [todo] = await oneThing(page);
  assert.ok(todo.includes(sentence(said.explanations[0].advice[0])), todo);
  await page.close();
});

test('a token alone never gets a credential that cannot match', async () => {
  const page = await here.open();
  for (const [sample, remedy] of [
    ['Buildkite', /^buildkite-agent oidc request-token /],
    ['Bitbucket', /^Bitbucket puts the step's UUID in every subject/],
    ['GitLab', /^az ad app federated-credential create /],
  ]) {
    await page.click(`[data-sample="${sample}"]`);
    await page.fill('#credentials', '');
    assert.match(await page.textContent('.wanted pre, .wanted .remedy > p'), remedy);
    assert.equal(
      await page.textContent('#wanted-title'),
      sample === 'GitLab' ? 'The credential for this token' : 'No credential can match this token',
    );
  }
  await page.close();
});

/**
 * The texts of a case. A token of JSON claims gets a header, a signature and the time.
 * @param {string} folder
 * @param {string} list The name of the file with the credentials.
 */
function inputs(folder, list) {
  const read = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined);
  const claims = read('token.json');
  const base64url = (text) => Buffer.from(text).toString('base64url');
  const token =
    claims &&
    [
      base64url('{"alg":"RS256","typ":"JWT","kid":"k1"}'),
      base64url(JSON.stringify({ iat: NOW - 20, nbf: NOW - 20, exp: NOW + 600, ...JSON.parse(claims) })),
      Buffer.alloc(256).toString('base64url'),
    ].join('.');
  // A text area has no carriage returns.
  const log = read('log.txt')?.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  return { log, credentials: read(list), token: token ?? read('token.txt') ?? read('claims.json') };
}

/** The command line's verdict. */
function check(token, credentials) {
  const args = ['check', '--id-token-env', 'T', '--credential', 'fics.json', '--output', 'json'];
  return JSON.parse(commandLine(args, { token, files: { 'fics.json': credentials } }));
}

/** Pastes while no field has the focus. */
async function pasteAnywhere(page, text) {
  await page.evaluate(() => document.activeElement?.blur());
  await paste(page, text);
}

/** All words of the answer, except those that repeat the input. */
function answer(page) {
  return page.$$eval('.explanation', (all) =>
    all
      .map((card) => {
        const copy = card.cloneNode(true);
        for (const quote of copy.querySelectorAll('blockquote')) quote.remove();
        return copy.textContent;
      })
      .join('\n'),
  );
}

/** The texts under “What to do” that are visible without opening anything: there must be one. */
async function oneThing(page) {
  const todos = await page.$$eval('.todo, .remedy, .fault, .wanted', (all) =>
    all
      .filter((one) => one.checkVisibility() && !one.closest('details'))
      .map((one) => one.textContent.replace(/^What to do/, '')),
  );
  const [first, ...others] = todos;
  assert.ok(first, `nothing to do is said in: ${await page.textContent('#answer')}`);
  assert.deepEqual(others, [], `more than one thing to do: ${first}`);
  const commands = await page.$$eval('.copyable code', (all) => all.map((one) => one.textContent));
  for (const command of commands) assert.ok(!MASKS.some((mask) => command.includes(mask)), `a mask in ${command}`);
  assert.equal(new Set(commands).size, commands.length, 'a command is shown twice');
  return todos;
}
