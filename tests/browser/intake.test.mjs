// Tests that pasted and dropped text is put into the right field, and that what was around a token is recognised and said.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NOW, commandLine, paste, shown, stage, values } from './stage.mjs';

let here;
before(async () => (here = await stage()));
after(() => here.close());

test('pasted and dropped text is put into the right field', async () => {
  const page = await here.open();
  await page.click('[data-sample="Signed, with keys"]');
  await page.waitForFunction(() => document.getElementById('keys').value);
  const texts = { ...(await values(page)), error: 'AADSTS700213: No matching federated identity record found' };
  await page.click('#clear');
  for (const text of Object.values(texts)) {
    await page.focus('#presented');
    await page.evaluate(() => document.getElementById('presented').select());
    await paste(page, text);
  }
  assert.deepEqual(await values(page), texts);
  const answer = await shown(page);
  await page.click('#clear');
  await page.evaluate((texts) => {
    const data = new DataTransfer();
    for (const [name, text] of Object.entries(texts)) data.items.add(new File([text], `${name}.txt`));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, texts);
  await page.waitForSelector('.verdict');
  assert.deepEqual(await values(page), texts);
  assert.deepEqual(await shown(page), answer);
  await page.close();
});

const TOKEN = (() => {
  const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'https://gitlab.com',
    sub: 'project_path:g/p:ref_type:branch:ref:main',
    aud: 'api://AzureADTokenExchange',
  };
  const times = { iat: NOW - 20, nbf: NOW - 20, exp: NOW + 280 };
  return `${base64url({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${base64url({ ...claims, ...times })}.${Buffer.alloc(64, 7).toString('base64url')}`;
})();
const WRAPPED = TOKEN.replace(/.{60}/g, '$&\n');

/** What people paste instead of a token, and how the page names what was around it. */
const AROUND = {
  quotes: [`"${TOKEN}"`, `'${TOKEN}'`, `\`${TOKEN}\``, `\u201c${TOKEN}\u201d`, `"${TOKEN}",`],
  'line breaks': [WRAPPED, TOKEN.replace(/.{76}/g, '$&\r\n  '), TOKEN.replace(/.{70}/g, '$& \\\n')],
  Bearer: [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `Authorization: Bearer ${TOKEN}`],
  'the name of a variable': [
    `AZURE_ID_TOKEN=${TOKEN}`,
    `export ID_TOKEN=${TOKEN}`,
    `$env:ID_TOKEN = ${TOKEN}`,
    `ID_TOKEN: ${TOKEN}`,
  ],
  'the name of a variable and quotes': [`ID_TOKEN="${TOKEN}"`, `$env:ID_TOKEN = '${TOKEN}'`],
  'quotes and line breaks': [`"${WRAPPED}"`],
  JSON: [
    `{"value": "${TOKEN}"}`,
    `{"count":1,"value":"${TOKEN}"}`,
    `{"oidcToken": "${TOKEN}"}`,
    `{"id_token": "${TOKEN}", "expires_in": 300}`,
    `{"value": "${TOKEN}"`,
  ],
};

test('what is around a token is recognised and said, and the token is checked without it', async () => {
  const page = await here.open();
  await page.fill('#presented', TOKEN);
  const claims = (await shown(page)).claims;
  for (const [around, texts] of Object.entries(AROUND)) {
    for (const text of texts) {
      await page.click('#clear');
      await page.evaluate(() => document.activeElement.blur());
      await paste(page, text);
      assert.equal((await values(page)).presented, text.replaceAll('\r\n', '\n'), around);
      assert.deepEqual((await shown(page)).claims, claims, text);
      assert.match(
        await page.textContent('#presented-kind'),
        new RegExp(`^ID token without ${around.replace(' and ', ', ')}`),
        text,
      );
      const said = await page.textContent('.recognised');
      assert.ok(said.startsWith(`Recognised: a token with ${around} around it. Only the token is checked.`), said);
      assert.match(said, /A job must not send it like this: /);
      // The command line refuses it, for the reason that the page repeats.
      const raw = commandLine(['check', '--id-token-env', 'T', '--credential', 'c.json', '--output', 'json'], {
        token: text,
        files: { 'c.json': '[]' },
      });
      assert.equal(JSON.parse(raw).verdict, 'invalid-token');
    }
  }
  await page.fill('#presented', TOKEN);
  assert.equal(await page.locator('.recognised').count(), 0);
  await page.close();
});

test('a log without a code is no subject', async () => {
  const page = await here.open();
  for (const text of [
    'Error: Login failed with Error: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable.',
    'ERROR: No subscriptions found for 22222222-2222-4222-8222-222222222222.',
    '2026-08-21T10:00:00Z the sign-in has failed',
    'AuthorizationFailed',
    '##[error]The process failed with exit code 1',
    'line one\nline two',
  ]) {
    for (const field of ['#presented', '#error']) await page.fill(field, '');
    await page.focus('#presented');
    await paste(page, text);
    assert.deepEqual(await values(page), { presented: '', credentials: '', error: text, keys: '' });
    // The same text, typed into the field of the token.
    await page.fill('#error', '');
    await page.fill('#presented', text);
    assert.equal(await page.locator('.token').count(), 0, `${text} was taken for a token`);
    assert.match(await page.textContent('.recognised'), /no subject is taken from it/);
    assert.equal(await page.textContent('#presented-kind'), 'error or log');
    assert.ok(await page.locator('.explanation, #nothing-title').count(), text);
  }
  await page.close();
});
