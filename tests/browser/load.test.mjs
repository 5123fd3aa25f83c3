// Measures the first visit over a slow connection: 50 kB/s with 100 ms of latency. The page must work at once, although the
// component needs longer than that; what was pasted in the meantime must be kept and answered.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { paste, stage } from './stage.mjs';

/** Bytes per second. */
const THROUGHPUT = 50_000;
/** Milliseconds, from the start of the navigation until the controls work. */
const USABLE_WITHIN = 5000;
/** Milliseconds, from the arrival of the component until the first verdict is on the screen. */
const VERDICT_WITHIN = 300;
/** A machine that is busy with other things gets more time for that. */
const SLACK = 4;
const SUBJECT = 'repo:octo-org/octo-repo:ref:refs/heads/main';
const CREDENTIALS = JSON.stringify([
  {
    name: 'deploy',
    issuer: 'https://token.actions.githubusercontent.com',
    subject: SUBJECT.replace('main', 'Main'),
    audiences: ['api://AzureADTokenExchange'],
  },
]);

let here;
before(async () => (here = await stage()));
after(() => here.close());

test('over 50 kB/s the page works within 5 s, and the verdict follows when the component has arrived', async (t) => {
  const context = await here.browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  let received = 0;
  network.on('Network.loadingFinished', (event) => (received += event.encodedDataLength));
  await network.send('Network.enable');
  await network.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 100,
    downloadThroughput: THROUGHPUT,
    uploadThroughput: THROUGHPUT,
  });
  await page.addInitScript(() => {
    globalThis.marks = {};
    const mark = (name) => (globalThis.marks[name] ??= performance.now());
    new MutationObserver(() => {
      if (document.documentElement?.dataset.usable) mark('usable');
      // A frame later the verdict has been drawn.
      if (document.querySelector('.verdict')) requestAnimationFrame(() => setTimeout(() => mark('verdict')));
    }).observe(document, { subtree: true, childList: true, attributes: true });
  });

  await page.goto(here.url, { waitUntil: 'commit' });
  await page.waitForSelector('html[data-usable]', { state: 'attached' });
  const early = received;
  await page.focus('#presented');
  await page.keyboard.type(SUBJECT);
  await paste(page, ' ');
  await page.focus('#presented');
  await page.evaluate(() => document.activeElement.blur());
  await paste(page, CREDENTIALS);
  assert.equal(await page.inputValue('#credentials'), CREDENTIALS);
  assert.equal(await page.textContent('#presented-kind'), 'subject');
  assert.match(await page.textContent('#loading'), /Loading the component, \d+ %\. You can paste and type already/);
  await page.click('#tab-write');
  assert.ok(await page.isVisible('#panel-write .loading'));
  await page.click('#tab-check');

  await page.waitForSelector('.verdict');
  await page.waitForFunction(() => globalThis.marks.verdict);
  assert.equal((await page.inputValue('#presented')).trim(), SUBJECT);
  const { usable, verdict, arrived } = await page.evaluate(() => ({
    ...globalThis.marks,
    arrived: performance.getEntriesByName('first-part')[0].startTime,
  }));
  const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
  t.diagnostic(`at 50 kB/s: usable after ${seconds(usable)} (${(early / 1000).toFixed(0)} kB)`);
  t.diagnostic(`at 50 kB/s: first verdict after ${seconds(verdict)} (${(received / 1000).toFixed(0)} kB)`);
  t.diagnostic(`first verdict ${(verdict - arrived).toFixed(0)} ms after the component has arrived`);
  assert.ok(usable < USABLE_WITHIN, `usable after ${usable} ms`);
  assert.ok(verdict - arrived < VERDICT_WITHIN * SLACK, `the verdict came ${verdict - arrived} ms after the component`);
  await context.close();
});
