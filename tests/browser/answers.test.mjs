// Compares the page with the command line for each sample: verdict, code, position, messages and commands.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NOW, commandLine, expected, isCommand, samples, sentence, shown, stage, values } from './stage.mjs';

let here;
before(async () => (here = await stage()));
after(() => here.close());

const check = (token, credentials, now = NOW, more = []) =>
  JSON.parse(
    commandLine(
      ['check', '--id-token-env', 'T', '--credential', 'fics.json', '--now', String(now), '--output', 'json', ...more],
      {
        token,
        files: { 'fics.json': credentials },
      },
    ),
  );

function assertSame(seen, said) {
  const { credentials, headline, ...rest } = seen;
  assert.deepEqual(rest, expected(said));
  if (said.matched !== null)
    assert.ok(
      credentials.some((one) => one.name === said.matched && one.matches),
      said.matched,
    );
}

for (const which of ['near', 'right']) {
  test(`every sample that is ${which}`, async () => {
    const page = await here.open();
    await page.check(`input[value=${which}]`, { force: true });
    for (const { title, platform } of samples) {
      await page.click(`[data-sample="${title}"]`);
      const { presented, credentials } = await values(page);
      const said = check(presented, credentials);
      assert.equal(said.verdict, which === 'right' ? 'match' : 'no-match', title);
      assertSame(await shown(page), said);
      const inspected = JSON.parse(commandLine(['inspect', '--id-token-env', 'T', '--output', 'json'], { token: presented }));
      assert.equal(inspected.platform, platform === 'generic' ? null : platform);
      assert.equal(await page.getAttribute('.token', 'data-platform'), inspected.platform);
      assert.deepEqual(
        await page.$$eval('.parts .part-name', (all) => all.map((one) => one.textContent)),
        inspected.subject_parts.map((part) => part.name),
      );
    }
    assert.deepEqual(page.mistakes, []);
    await page.close();
  });
}

test('a pasted signature is verified with the pasted keys, and a changed byte makes it invalid', async () => {
  const page = await here.open();
  await page.check('input[value=right]', { force: true });
  await page.click('[data-sample="Signed, with keys"]');
  await page.waitForSelector('.note .icon.good');
  const { presented, credentials, keys } = await values(page);
  const said = (token) =>
    JSON.parse(
      commandLine(
        [
          'check',
          '--id-token-env',
          'T',
          '--credential',
          'fics.json',
          '--jwks',
          'keys.json',
          '--now',
          String(NOW),
          '--output',
          'json',
        ],
        { token, files: { 'fics.json': credentials, 'keys.json': keys } },
      ),
    );
  assertSame(await shown(page), said(presented));
  const at = presented.lastIndexOf('.') + 20;
  const forged = presented.slice(0, at) + (presented[at] === 'A' ? 'B' : 'A') + presented.slice(at + 1);
  await page.fill('#presented', forged);
  assertSame(await shown(page), said(forged));
  assert.equal((await shown(page)).predicted_error, 'AADSTS7000274');
  await page.close();
});

test('claims as JSON and a subject are checked as a future token', async () => {
  const page = await here.open();
  await page.click('[data-sample="GitLab"]');
  const { credentials } = await values(page);
  const [{ issuer, subject }] = JSON.parse(credentials);
  const said = (given) =>
    JSON.parse(
      commandLine(
        [
          'check',
          '--credential',
          'fics.json',
          '--token-issuer',
          given.iss,
          '--token-subject',
          given.sub,
          '--token-audience',
          given.aud,
          '--now',
          String(NOW),
          '--output',
          'json',
        ],
        { files: { 'fics.json': credentials } },
      ),
    );
  const claims = { iss: issuer, sub: subject.replace('main', 'release'), aud: 'api://AzureADTokenExchange' };
  await page.fill('#presented', JSON.stringify(claims));
  assertSame(await shown(page), said(claims));
  await page.fill('#presented', claims.sub);
  assert.equal(await page.getAttribute('#expected-issuer', 'placeholder'), issuer);
  assertSame(await shown(page), said(claims));
  await page.fill('#expected-issuer', 'https://gitlab.example');
  assertSame(await shown(page), said({ ...claims, iss: 'https://gitlab.example' }));
  await page.close();
});

test('an expired token is refused and can be checked for the time when it was issued', async () => {
  const page = await here.open();
  await page.click('[data-sample="GitHub Actions"]');
  const { presented, credentials } = await values(page);
  await page.clock.setFixedTime((NOW + 86_400) * 1000);
  await page.fill('#presented', presented);
  assert.equal((await shown(page)).predicted_error, 'AADSTS700024');
  await page.click('text=Check it for the time when it was issued');
  const issued = JSON.parse(Buffer.from(presented.split('.')[1], 'base64url')).iat;
  assertSame(await shown(page), check(presented, credentials, issued));
  await page.close();
});

test('the remedy for a managed identity names the identity and the credential', async () => {
  const page = await here.open();
  const one = {
    name: 'main',
    resourceGroup: 'rg',
    issuer: 'https://gitlab.com',
    subject: 'project_path:g/p:ref_type:branch:ref:Main',
    audiences: ['api://AzureADTokenExchange'],
    id: '/subscriptions/0/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deployer/federatedIdentityCredentials/main',
  };
  await page.fill('#presented', one.subject.replace('Main', 'main'));
  await page.fill('#credentials', JSON.stringify([one]));
  assert.match(
    await page.textContent('.remedy pre'),
    /^az identity federated-credential update --identity-name deployer --resource-group rg --name main /,
  );
  const args = [
    'credential',
    '--issuer',
    one.issuer,
    '--subject',
    one.subject.replace('Main', 'main'),
    '--name',
    'main',
    '--identity-name',
    'deployer',
    '--resource-group',
    'rg',
  ];
  for (const [title, format] of [
    ['Terraform', 'terraform'],
    ['Bicep', 'bicep'],
  ]) {
    await page.locator('.remedy').getByRole('tab', { name: title }).click();
    assert.equal(`${await page.textContent('.remedy pre')}\n`, commandLine([...args, '--format', format]));
  }
  await page.close();
});

test('the component knows each cloud of the list', async () => {
  const page = await here.open();
  await page.click('[data-sample="GitLab"]');
  const { presented, credentials } = await values(page);
  const clouds = await page.$$eval('#cloud option', (all) => all.map((one) => one.value));
  assert.ok(clouds.length >= 3);
  for (const cloud of clouds) {
    await page.selectOption('#cloud', cloud);
    const said = JSON.stringify(check(presented, credentials, NOW, ['--cloud', cloud]));
    // Functions have fields where the command line has options.
    assertSame(await shown(page), JSON.parse(said.replaceAll(/--cloud (\w+)/g, 'cloud: $1')));
  }
  await page.close();
});

test('an error is explained as by the command line', async () => {
  const page = await here.open();
  for (const text of [
    '700213',
    'AADSTS700016 and AADSTS700024',
    '{"error":"invalid_client","error_codes":[7000222]}',
    'AADSTS99999999',
  ]) {
    const { explanations } = JSON.parse(commandLine(['explain', text, '--output', 'json']));
    await page.fill('#error', text);
    const seen = await page.$$eval('.explanation', (all) =>
      all.map((one) => ({ code: one.querySelector('.code').textContent, text: one.textContent })),
    );
    assert.deepEqual(
      seen.map((one) => one.code),
      explanations.map((one) => one.code),
    );
    explanations.forEach((one, index) => {
      for (const said of [one.cause ?? one.message, ...one.advice].filter((said) => said && !isCommand(said)))
        assert.ok(seen[index].text.includes(sentence(said)), `${said}\nis not in\n${seen[index].text}`);
    });
  }
  await page.close();
});

test('unreadable input has the same message as on the command line', async () => {
  const page = await here.open();
  await page.click('[data-sample="GitLab"]');
  const { presented } = await values(page);
  for (const [field, text, args] of [
    ['#credentials', '[{"name": "x"}]', ['check', '--id-token-env', 'T', '--credential', 'bad.json']],
    ['#credentials', '{"appId": "1"}', ['check', '--id-token-env', 'T', '--credential', 'bad.json']],
    ['#keys', '{"keys": 1}', ['verify', '--id-token-env', 'T', '--jwks', 'bad.json']],
  ]) {
    await page.click('[data-sample="GitLab"]');
    await page.fill(field, text);
    const seen = await page.$eval('.verdict.warning', (card) => ({
      code: card.dataset.fault,
      message: card.querySelector('.fault p').textContent,
    }));
    assert.throws(
      () => commandLine([...args, '--output', 'json'], { token: presented, files: { 'bad.json': text } }),
      (error) => {
        const { error: said } = JSON.parse(/\{.*\}/s.exec(error.message)[0]);
        assert.deepEqual(seen, { code: said.code, message: sentence(said.message) });
        return true;
      },
    );
  }
  await page.close();
});

test('a malformed token gets the same code as from Entra', async () => {
  const page = await here.open();
  await page.click('[data-sample="GitLab"]');
  const { credentials } = await values(page);
  for (const token of ['eyJhbGciOiJSUzI1NiJ9.e30', 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.']) {
    await page.fill('#presented', token);
    const said = check(token, credentials);
    const seen = await shown(page);
    assert.deepEqual(
      [seen.verdict, seen.predicted_error, seen.findings.map((one) => one.code)],
      [said.verdict, said.predicted_error, expected(said).findings.map((one) => one.code)],
      token,
    );
  }
  await page.close();
});

test('every command of the Azure CLI is there for PowerShell too, and the choice holds for the whole page', async () => {
  const page = await here.open();
  const switches = (area) => page.locator(`${area} .shell`);
  const choose = (area, shell) => switches(area).first().getByRole('radio', { name: shell }).check({ force: true });
  await page.click('[data-sample="GitHub Actions"]');
  const { presented, credentials } = await values(page);
  const bash = await page.textContent('.remedy pre');
  assert.match(bash, /^az ad app federated-credential update .*"\$\{AZURE_CLIENT_ID:\?\}"/);
  await choose('.remedy', 'PowerShell');
  const powershell = await page.textContent('.remedy pre');
  assert.match(powershell, /^if \(!\$env:AZURE_CLIENT_ID\) .*Set-Content .*--parameters '@[\w-]+\.json'/);
  assert.equal(powershell, check(presented, credentials, NOW, ['--shell', 'powershell']).findings[0].remedy);
  assert.equal(await page.evaluate(() => document.activeElement.value), 'powershell', 'the focus stays on the choice');
  // The other tools get the same credential as before.
  await page.getByRole('tab', { name: 'Terraform', exact: true }).click();
  assert.match(await page.textContent('.remedy pre'), /display_name +=|"deploy"/);
  await page.getByRole('tab', { name: 'Azure CLI', exact: true }).click();

  await page.fill('#presented', '');
  await page.fill(
    '#error',
    "AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:octo-org/octo-repo:ref:refs/heads/main'.",
  );
  assert.match(await page.textContent('.todo pre'), /Set-Content /);
  await page.fill('#credentials', '');
  assert.doesNotMatch(await page.textContent('.explanation'), /\$\{AZURE_CLIENT_ID/);
  await page.click('#tab-write');
  await page.selectOption('#platform', 'gitlab');
  await page.click('#written .link');
  assert.match(await page.textContent('#written pre'), /Set-Content /);
  await choose('#written', 'bash');
  assert.match(await page.textContent('#written pre'), /^az ad app federated-credential create /);
  assert.equal(await page.evaluate(() => document.activeElement.value), 'bash');

  await page.click('#tab-check');
  await page.fill('#error', '');
  await page.fill('#credentials', credentials);
  await page.click('[data-sample="GitHub Actions"]');
  assert.equal(await page.textContent('.remedy pre'), bash);
  assert.deepEqual(page.mistakes, []);
  await page.close();
});
