// Compares the audit with the command line, and pastes and drops lists into it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { commandLine, isCommand, paste, sentence, stage } from './stage.mjs';

const GITHUB = 'https://token.actions.githubusercontent.com';
const AUDIENCE = 'api://AzureADTokenExchange';
const LISTS = [
  [
    { name: 'slash', issuer: `${GITHUB}/`, subject: 'repo:octo-org/octo-repo:ref:refs/heads/main', audiences: [AUDIENCE] },
    { name: 'star', issuer: GITHUB, subject: 'repo:octo-org/*', audiences: [AUDIENCE] },
    { name: 'requests', issuer: GITHUB, subject: 'repo:octo-org/octo-repo:pull_request', audiences: [AUDIENCE] },
    {
      name: 'old',
      issuer: 'https://vstoken.dev.azure.com/11111111-1111-4111-8111-111111111111',
      subject: 'sc://contoso/web/prod',
      audiences: [AUDIENCE],
    },
  ],
  [
    { name: 'cloud', issuer: 'https://gitlab.com', subject: 'project_path:g/p:ref_type:branch:ref:main', audiences: [`${AUDIENCE}USGov`] },
    { name: 'fine', issuer: 'https://gitlab.com', subject: 'project_path:g/p:ref_type:branch:ref:dev', audiences: [AUDIENCE] },
  ],
].map((list) => JSON.stringify(list));

let here;
before(async () => (here = await stage()));
after(() => here.close());

test('the audit says the same as the command line, and each remedy once', async () => {
  const page = await here.open();
  await page.click('#tab-audit');
  await page.fill('#audit-0', LISTS[0]);
  await page.click('.link:has-text("another application")');
  await page.fill('#audit-1', LISTS[1]);
  for (const format of ['az', 'terraform', 'graph']) {
    await page.selectOption('#audit-format', format);
    const args = ['list 1', 'list 2'].flatMap((file) => ['--credential', file]);
    const files = { 'list 1': LISTS[0], 'list 2': LISTS[1] };
    const said = JSON.parse(commandLine(['audit', ...args, '--output', 'json'], { files }));
    const title = await page.textContent('#audited-title');
    const count = (severity) => said.findings.filter((one) => one.severity === severity).length;
    assert.equal(title, `${count('error')} errors, ${count('warning')} warnings`);
    assert.equal(await page.getAttribute('#audited .verdict', 'data-outcome'), said.verdict);
    const found = await page.$$eval('.audited', (cards) =>
      cards.flatMap((card) =>
        Array.from(card.querySelectorAll('.found'), (one) => [card.dataset.credential, one.dataset.code, one.dataset.severity]),
      ),
    );
    const expected = said.findings.map((one) => [one.credential ?? undefined, one.code, one.severity]);
    assert.deepEqual(found.map(String).sort(), expected.map(String).sort());
    const words = await page.textContent('#audited');
    for (const { message } of said.findings) assert.ok(words.includes(sentence(message)), message);
    for (const { remedy } of said.findings) if (remedy && isCommand(remedy)) assert.ok(words.includes(remedy), remedy);
    const commands = await page.$$eval('#audited .copyable code', (all) => all.map((one) => one.textContent));
    assert.equal(new Set(commands).size, commands.length, 'a command is shown twice');
    assert.doesNotMatch(words, /`|--write|--replace/);
    if (format === 'az') continue;
    const written = commandLine(['audit', ...args, '--write', '--format', format], { files });
    assert.equal(`${await page.textContent('#audited .written pre')}\n`, written);
  }
  assert.deepEqual(page.mistakes, []);
  await page.close();
});

test('new values write the new credential', async () => {
  const page = await here.open();
  await page.click('#tab-audit');
  await page.fill('#audit-0', LISTS[0]);
  await page.fill('#audit-replace', 'octo-org/octo-repo=octo-org@1/octo-repo@2');
  await page.selectOption('#audit-format', 'graph');
  assert.match(await page.textContent('#audited .written pre'), /repo:octo-org@1\/octo-repo@2:pull_request/);
  await page.fill('#audit-replace', 'octo-org');
  assert.match(await page.textContent('#audited .fault'), /A line of “New values” has no =/);
  await page.close();
});

test('credentials are taken from the other form, and what is pasted beside the fields is audited', async () => {
  const page = await here.open();
  await page.fill('#credentials', LISTS[0]);
  await page.click('#tab-audit');
  assert.equal(await page.inputValue('#audit-0'), LISTS[0]);
  await page.evaluate(() => document.activeElement.blur());
  await paste(page, LISTS[1]);
  assert.equal(await page.inputValue('#audit-1'), LISTS[1]);
  assert.equal(await page.inputValue('#credentials'), LISTS[0]);
  await page.fill('#audit-0', '[{"appId": "x"}]');
  assert.equal(await page.textContent('#audited h2'), 'The credentials of list 1 cannot be audited');
  assert.deepEqual(page.mistakes, []);
  await page.close();
});
