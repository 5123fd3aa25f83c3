// Tests accessibility: axe-core in each state (light, dark and narrow), keyboard operation, and announced answers.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AXE, PICTURES, paste, shown, stage, values } from './stage.mjs';

const PHONE = { width: 360, height: 740 };

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
  'error-and-credentials': async (page) => {
    await page.click('[data-sample="GitHub Actions"]');
    await page.fill('#presented', '');
    await page.fill(
      '#error',
      "AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:octo-org/octo-repo:ref:refs/heads/main'.",
    );
  },
  'several-errors': (page) =>
    page.fill(
      '#error',
      'Error: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable\nAADSTS50027: JWT token is invalid or malformed.',
    ),
  'no-known-error': (page) => page.fill('#error', 'the sign-in failed'),
  'token-in-quotes': async (page) => {
    await page.click('[data-sample="GitLab"]');
    await page.fill('#presented', `"${await page.inputValue('#presented')}"`);
  },
  'audit-empty': (page) => page.click('#tab-audit'),
  audit: async (page) => {
    await page.click('[data-sample="GitHub Actions"]');
    await page.click('#tab-audit');
    await page.waitForSelector('#audited .audited');
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

/** The states for a browser besides Chromium, unless all of them are wanted. */
const FEW = ['no-match', 'several-credentials', 'signed', 'error-and-token', 'write-four'];
const REACHED = Object.entries(STATES).filter(([state]) => !process.env.AZURE_OIDC_WEB_FEW || FEW.includes(state));

const LOOKS = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  tablet: { colorScheme: 'light', width: 768, height: 1024, isAudited: false },
  phone: { colorScheme: 'dark', ...PHONE },
};

for (const [look, { isAudited = true, ...options }] of Object.entries(LOOKS)) {
  test(`${isAudited ? 'axe-core finds nothing' : 'nothing stands out at the side'}, ${look}`, async () => {
    for (const [state, reach] of REACHED) {
      const page = await here.open(options);
      await reach(page);
      assert.deepEqual(isAudited ? await audited(page) : [], [], state);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${state}, ${look}: ${overflow} pixels stand out at the side`);
      assert.deepEqual(page.mistakes, [], state);
      await page.screenshot({ path: join(PICTURES, `${state}-${look}.png`), fullPage: true });
      await page.context().close();
    }
  });
}

/** What axe-core finds. */
async function audited(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`);
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
  for (const tab of ['tab-audit', 'tab-write']) {
    await page.keyboard.press('ArrowRight');
    assert.equal(await at(), tab);
  }
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

test('on a phone a line below the changed field says the verdict, and a tap leads to the answer', async () => {
  const page = await here.open(PHONE);
  await page.click('[data-sample="GitHub Actions"]');
  assert.equal(await page.textContent('#glance span'), 'Entra would refuse this token: AADSTS7002138');
  const { presented, credentials } = await values(page);
  for (const [field, text] of Object.entries({ credentials, presented, error: 'AADSTS7002138: x' })) {
    await page.fill(`#${field}`, '');
    await page.fill(`#${field}`, text);
    const below = await page.evaluate((field) => {
      const unit = document.getElementById(field).closest('.field');
      return unit.nextElementSibling.id;
    }, field);
    assert.equal(below, 'glance', field);
  }
  await page.click('#glance');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'answer');
  await page.fill('#credentials', '');
  await page.fill('#presented', '');
  await page.fill('#error', 'AADSTS700213: x');
  assert.equal(await page.textContent('#glance span'), 'AADSTS700213 No credential has this subject');
  await page.click('#tab-write');
  assert.ok(!(await page.isVisible('#glance')), 'the verdict is on the other tab');
  await page.close();
});

test('on a phone nothing covers a control, wherever the page is scrolled', async () => {
  const page = await here.open(PHONE);
  for (const [tab, reach] of Object.entries({ check: STATES['several-credentials'], write: STATES['write-four'] })) {
    await reach(page);
    const covered = await page.evaluate(() => {
      const seen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 2;
      const controls = Array.from(
        document.querySelectorAll('main button, main textarea, main select, main summary, main input:not([type=radio])'),
      );
      const found = [];
      for (const control of controls.filter(seen)) {
        for (const block of ['start', 'center', 'end']) {
          control.scrollIntoView({ block });
          const { left, top, width, height } = control.getBoundingClientRect();
          const hit = document.elementFromPoint(left + width / 2, top + Math.min(height / 2, innerHeight / 2));
          if (hit && !control.contains(hit) && !hit.contains(control))
            found.push(`${control.outerHTML.slice(0, 80)} by ${hit.outerHTML.slice(0, 80)}`);
        }
      }
      return { found, count: controls.filter(seen).length };
    });
    assert.ok(covered.count > 15, `${tab}: only ${covered.count} controls`);
    assert.deepEqual(covered.found, [], tab);
  }
  await page.close();
});

for (const [look, options] of Object.entries({ wide: {}, narrow: PHONE })) {
  test(`selecting the difference copies the two strings, ${look}`, async () => {
    const page = await here.open(options);
    for (const sample of ['GitHub Actions', 'SPIFFE', 'Pulumi Deployments']) {
      await page.click(`[data-sample="${sample}"]`);
      const { presented, credentials } = await values(page);
      const { sub } = JSON.parse(Buffer.from(presented.split('.')[1], 'base64url'));
      const box = page.locator('.verdict .pair-lines').first();
      await box.evaluate((element) => element.scrollIntoView({ block: 'center' }));
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const { x, y, width, height } = await box.boundingBox();
      await page.mouse.move(x + 3, y + 5);
      await page.mouse.down();
      await page.mouse.move(x + width - 3, y + height - 5, { steps: 8 });
      await page.mouse.up();
      await page.keyboard.press('ControlOrMeta+C');
      const [one, other, ...more] = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
      assert.ok(
        JSON.parse(credentials).some(({ subject }) => subject === one),
        `${sample}: ${one}`,
      );
      assert.deepEqual([other, more], [sub, []], sample);
    }
    await page.close();
  });

  test(`the two strings are in the same columns, ${look}`, async () => {
    const page = await here.open(options);
    await page.click('[data-sample="GitHub Actions"]');
    const credentials = JSON.parse((await values(page)).credentials);
    for (const subject of [
      'repo:octo-org/octo-repo:ref:refs/heads/m\u0430in',
      'repo:octo-org/octo-repo:ref:refs/heads/ma\u200bin and more',
      'repo:octo-org/octo repo:environment:production',
    ]) {
      await page.fill('#credentials', JSON.stringify([{ ...credentials[0], subject }]));
      const shifts = await page.evaluate(() => {
        const [one, other] = Array.from(document.querySelectorAll('.verdict .line'), (line) => Array.from(line.children));
        return one.map((piece, index) => {
          const [a, b] = [piece.getClientRects(), other[index].getClientRects()];
          const last = (rects) => rects[rects.length - 1];
          return [a[0].left - b[0].left, last(a).right - last(b).right, b[0].top - a[0].top - 28].map(Math.round);
        });
      });
      assert.ok(shifts.length > 1);
      for (const shift of shifts)
        assert.ok(
          shift.every((pixels) => Math.abs(pixels) <= 2),
          `${subject}: ${JSON.stringify(shifts)}`,
        );
    }
    await page.close();
  });
}
