// Tests accessibility: axe-core in each state (light, dark and narrow), keyboard operation, and announced answers.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AXE, PICTURES, paste, shown, stage } from './stage.mjs';

let here;
before(async () => (here = await stage()));
after(() => here.close());

/** All states that look different, and the steps that lead to them. */
const STATES = {
  empty: async () => {},
  'no-match': (page) => page.click('[data-sample="GitHub Actions"]'),
  match: async (page) => {
    await page.check('input[value=right]', { force: true });
    await page.click('[data-sample="Kubernetes"]');
  },
  'several-credentials': async (page) => {
    await page.click('[data-sample="Pulumi Deployments"]');
    await page.click('.credentials li:nth-child(2) summary');
    await page.click('.more summary');
  },
  'never-matches': (page) => page.click('[data-sample="Bitbucket"]'),
  'hidden-character': (page) => page.click('[data-sample="SPIFFE"]'),
  portal: async (page) => {
    await page.click('[data-sample="Azure Pipelines"]');
    await page.getByRole('tab', { name: 'Portal' }).click();
  },
  signed: async (page) => {
    await page.check('input[value=right]', { force: true });
    await page.click('[data-sample="Signed, with keys"]');
    await page.waitForSelector('.note .icon.good');
  },
  'invalid-token': async (page) => {
    await page.click('[data-sample="GitLab"]');
    await page.fill('#presented', 'eyJhbGciOiJSUzI1NiJ9.e30');
  },
  expired: async (page) => {
    await page.check('input[value=right]', { force: true });
    await page.click('[data-sample="GitLab"]');
    const token = await page.inputValue('#presented');
    const [header, payload, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url'));
    const old = Object.fromEntries(
      Object.entries(claims).map(([name, value]) => [name, ['iat', 'nbf', 'exp'].includes(name) ? value - 7200 : value]),
    );
    await page.fill('#presented', `${header}.${Buffer.from(JSON.stringify(old)).toString('base64url')}.${signature}`);
  },
  'token-only': async (page) => {
    await page.click('[data-sample="Harness"]');
    await page.fill('#credentials', '');
  },
  subject: async (page) => {
    await page.click('[data-sample="GitHub Actions"]');
    await page.fill('#presented', 'repo:octo-org/octo-repo:environment:production');
  },
  'credentials-only': async (page) => {
    await page.click('[data-sample="HCP Terraform"]');
    await page.fill('#presented', '');
    await page.click('.credentials summary');
  },
  unreadable: async (page) => {
    await page.click('[data-sample="GitLab"]');
    await page.fill('#credentials', '{"appId": "22222222-2222-4222-8222-222222222222"}');
  },
  error: (page) => page.click('[data-sample="Only an error"]'),
  'error-and-token': async (page) => {
    await page.click('[data-sample="GitHub Actions"]');
    await page.fill('#error', 'AADSTS700213 at first, AADSTS7002138 later');
  },
  'write-empty': (page) => page.click('#tab-write'),
  'write-four': async (page) => {
    await page.click('#tab-write');
    await page.selectOption('#platform', 'pulumi');
    await page.click('#written .link');
    await page.getByRole('tab', { name: 'Terraform', exact: true }).click();
  },
  'write-missing': async (page) => {
    await page.click('#tab-write');
    await page.selectOption('#platform', 'github');
    await page.fill('#part-branch', 'main');
  },
};

const LOOKS = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'dark', width: 360, height: 780 },
};

for (const [look, options] of Object.entries(LOOKS)) {
  test(`axe-core finds nothing, ${look}`, async () => {
    for (const [state, reach] of Object.entries(STATES)) {
      const page = await here.open(options);
      await reach(page);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
      const told = violations.map(
        (one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`,
      );
      assert.deepEqual(told, [], state);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${state}, ${look}: ${overflow} pixels stand out at the side`);
      assert.deepEqual(page.mistakes, [], state);
      await page.evaluate(() => document.getElementById('glance').remove());
      await page.screenshot({ path: join(PICTURES, `${state}-${look}.png`), fullPage: true });
      await page.context().close();
    }
  });
}

test('the page works with a keyboard, and the focus is always visible', async () => {
  const page = await here.open();
  const at = () =>
    page.evaluate(() => {
      const { id, dataset, textContent } = document.activeElement;
      return dataset.sample ?? (id.startsWith('choice') ? textContent : id || textContent);
    });
  const until = async (wanted, key = 'Tab') => {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press(key);
      const where = await at();
      const seen = await page.evaluate(() => {
        const ring = (element) => element && getComputedStyle(element).outlineStyle !== 'none';
        const element = document.activeElement;
        return ring(element) || ring(element.nextElementSibling);
      });
      assert.ok(seen || (await page.evaluate(() => document.activeElement.id === 'answer')), `the focus is not seen on ${where}`);
      if (where === wanted) return;
    }
    assert.fail(`${wanted} is not reached by ${key}; the focus is on ${await at()}`);
  };
  await page.keyboard.press('Tab');
  assert.equal(await at(), 'Skip to the answer');
  await until('presented');
  await until('HCP Terraform');
  await page.keyboard.press('Enter');
  assert.equal((await shown(page)).verdict, 'no-match');
  await until('Azure CLI');
  await page.keyboard.press('ArrowRight');
  assert.equal(await at(), 'Terraform');
  assert.match(await page.textContent('.remedy pre'), /^variable "client_id"|resource "azuread/m);
  await until('Copy');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.textContent('.remedy pre'));
  assert.match(await page.textContent('#spoken'), /^Copied/);
  await page.focus('.credentials summary');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.credentials details[open] .pair');
  await page.focus('#tab-check');
  await page.keyboard.press('ArrowRight');
  assert.equal(await at(), 'tab-write');
  assert.ok(await page.isVisible('#platform'));
  await page.close();
});

test('the answer and the field of a pasted text are announced', async () => {
  const page = await here.open();
  await page.focus('#presented');
  await paste(
    page,
    '[{"name":"main","issuer":"https://gitlab.com","subject":"project_path:g/p:ref_type:branch:ref:main","audiences":["api://AzureADTokenExchange"]}]',
  );
  assert.match(await page.textContent('#spoken'), /put into: Federated identity credentials/);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'credentials');
  await page.focus('#presented');
  await paste(page, 'project_path:g/p:ref_type:branch:ref:Main');
  await page.waitForFunction(() =>
    document.getElementById('spoken').textContent.startsWith('Entra would refuse such a token: AADSTS7002138. the token'),
  );
  await page.close();
});

test('on a phone a bar shows the verdict while typing, and a tap leads to the answer', async () => {
  const page = await here.open({ width: 390, height: 700 });
  await page.click('[data-sample="GitHub Actions"]');
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForSelector('#glance:not(.seen)');
  assert.equal(await page.textContent('#glance'), 'Entra would refuse this token: AADSTS7002138');
  await page.click('#glance');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'answer');
  await page.waitForSelector('#glance.seen', { state: 'attached' });
  await page.close();
});
