// Compares the generator with the command line.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { commandLine, stage } from './stage.mjs';

let here;
before(async () => (here = await stage()));
after(() => here.close());

test('the generator writes the same as the command line in each format, and four credentials for Pulumi', async () => {
  const page = await here.open();
  await page.click('#tab-write');
  const platforms = await page.$$eval('#platform option', (all) => all.map((one) => one.value));
  assert.equal(platforms.length, 16);
  const tabs = {
    'Azure CLI': 'az',
    Terraform: 'terraform',
    Bicep: 'bicep',
    Graph: 'graph',
    'CLI, identity': 'az-identity',
    ARM: 'arm',
    'Terraform JSON': 'terraform-json',
  };
  for (const platform of platforms) {
    await page.selectOption('#platform', platform);
    let args = ['--issuer', 'https://ci.example.com', '--subject', 'job:deploy'];
    if (await page.locator('#written .link').count()) {
      await page.click('#written .link');
      const parts = await page.$$eval('[id^=part-]:not(p)', (all) =>
        all.filter((one) => one.value).map((one) => [one.id.slice(5), one.value]),
      );
      args = parts.flatMap(([name, value]) => [`--${name}`, value]);
      args.unshift('--platform', platform);
    } else {
      await page.fill('#write-issuer', args[1]);
      await page.fill('#write-subject', args[3]);
    }
    if (platform === 'bitbucket') {
      const fault = await page.$eval('#written .fault', (box) => box.textContent);
      assert.throws(
        () => commandLine(['credential', ...args]),
        (error) => error.message.includes(fault.split('.')[0]),
      );
      continue;
    }
    assert.equal(await page.locator('#written .fault').count(), 0, `${platform}: ${await page.textContent('#written')}`);
    for (const [title, format] of Object.entries(tabs)) {
      await page.getByRole('tab', { name: title, exact: true }).click();
      const written = await page.textContent('#written pre');
      assert.equal(`${written}\n`, commandLine(['credential', ...args, '--format', format]), `${platform}, ${format}`);
      if (platform === 'pulumi' && format === 'graph') assert.equal(JSON.parse(written).length, 4);
    }
    await page.getByRole('tab', { name: 'Portal', exact: true }).click();
    const graph = [JSON.parse(commandLine(['credential', ...args, '--format', 'graph']))].flat();
    assert.deepEqual(
      await page.$$eval('#written dd code', (all) => all.map((one) => one.textContent)),
      graph.flatMap((one) => [one.issuer, one.subject, one.name, one.audiences[0]]),
    );
  }
  await page.selectOption('#platform', 'github');
  await page.fill('#part-repo', 'octo-org/octo-repo');
  await page.fill('#part-owner-id', '123456');
  await page.check('#flexible');
  await page.getByRole('tab', { name: 'Graph', exact: true }).click();
  assert.equal(
    `${await page.textContent('#written pre')}\n`,
    commandLine([
      'credential',
      '--platform',
      'github',
      '--repo',
      'octo-org/octo-repo',
      '--owner-id',
      '123456',
      '--flexible',
      '--format',
      'graph',
    ]),
  );
  await page.close();
});

test('the form has its own heading and the words of the platform, and opens on the platform that was pasted', async () => {
  const page = await here.open();
  await page.click('#tab-write');
  assert.equal(await page.textContent('h1'), 'Which credentials does this pipeline need?');
  await page.click('#tab-check');
  assert.equal(await page.textContent('h1'), 'Why does Entra refuse this token?');
  const labels = () => page.$$eval('#panel-write .parts-form label[for^=part-]', (all) => all.map((one) => one.textContent));
  for (const [sample, platform, first] of [
    ['HCP Terraform', 'terraform-cloud', ['Organization', 'Project', 'Workspace']],
    ['Azure Pipelines', 'azure-pipelines', ['Organization', 'Project', 'Service connection']],
    ['GitLab', 'gitlab', ['Group / project', 'Project ID', 'Branch']],
    ['GitHub Actions', 'github', ['Organization / repository', 'Organization ID', 'Repository ID', 'Environment', 'Branch']],
  ]) {
    await page.click('#tab-check');
    await page.click(`[data-sample="${sample}"]`);
    await page.click('#tab-write');
    assert.equal(await page.inputValue('#platform'), platform);
    assert.deepEqual((await labels()).slice(0, first.length), first);
  }
  await page.click('#tab-check');
  await page.click('#clear');
  await page.fill('#credentials', '[{"name":"x","issuer":"https://gitlab.com","subject":"s","audiences":["a"]}]');
  await page.click('#tab-write');
  assert.equal(await page.inputValue('#platform'), 'gitlab', 'the issuer of the credentials names the platform');
  await page.fill('#part-branch', 'main');
  await page.click('#tab-check');
  await page.click('[data-sample="HCP Terraform"]');
  await page.click('#tab-write');
  assert.equal(await page.inputValue('#part-branch'), 'main', 'what was typed is kept');
  await page.selectOption('#platform', 'github');
  await page.fill('#part-branch', 'main');
  assert.match(await page.textContent('#written'), /Fill in: Organization \/ repository/);
  await page.close();
});
