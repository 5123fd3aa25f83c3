// Tests that nothing leaves the page through connections, address, storage or title, and that pasted text never becomes markup.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { shown, stage } from './stage.mjs';

let here;
before(async () => (here = await stage()));
after(() => here.close());

test('the policy refuses all connections, even to the page\'s origin', async () => {
  let reached = 0;
  const outside = createServer((_, response) => {
    reached++;
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/javascript' }).end('');
  });
  await new Promise((done) => outside.listen(0, '127.0.0.1', done));
  const elsewhere = `http://127.0.0.1:${outside.address().port}/`;
  const page = await here.open();
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  const outcome = await page.evaluate(async (elsewhere) => {
    const violations = [];
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
    const tried = async (way) => {
      try {
        return await way();
      } catch {
        return 'refused';
      }
    };
    const results = [
      await tried(() => fetch(elsewhere)),
      await tried(() => fetch('built.js')),
      await tried(() => fetch('data:text/plain,x')),
      await tried(() => import(`${elsewhere}x.js`)),
    ];
    navigator.sendBeacon(elsewhere, 'x');
    const loaded = (element, address) =>
      new Promise((done) => {
        element.onload = () => done('loaded');
        element.onerror = () => done('refused');
        try {
          element[element instanceof HTMLLinkElement ? 'href' : 'src'] = address;
        } catch {
          done('refused');
        }
        document.head.append(element);
      });
    results.push(await loaded(new Image(), `${elsewhere}x.png`));
    results.push(await loaded(document.createElement('script'), `${elsewhere}x.js`));
    results.push(await loaded(Object.assign(document.createElement('link'), { rel: 'stylesheet' }), `${elsewhere}x.css`));
    results.push(
      await new Promise((done) => {
        try {
          const socket = new WebSocket(elsewhere.replace('http', 'ws'));
          socket.onerror = () => done('refused');
          socket.onopen = () => done('opened');
        } catch {
          done('refused');
        }
      }),
    );
    results.push(await tried(() => (0, eval)('1')));
    results.push(
      await tried(() => {
        document.body.innerHTML = '<p>markup</p>';
        return 'markup';
      }),
    );
    return { results, violations };
  }, elsewhere);
  await new Promise((done) => outside.close(done));
  assert.deepEqual(
    outcome.results,
    outcome.results.map(() => 'refused'),
  );
  for (const directive of ['connect-src', 'img-src', 'script-src-elem', 'style-src-elem'])
    assert.ok(outcome.violations.includes(directive), `${directive} in ${outcome.violations}`);
  assert.equal(reached, 0, 'somebody outside was reached');
  assert.deepEqual(
    requests.filter((url) => url.startsWith(here.url)),
    [],
    'the own origin was reached',
  );
  await page.close();
});

test('the policy is in the page itself and allows no inline code', async () => {
  const page = await here.open();
  const [policy, added] = await page.$$eval('meta[http-equiv=Content-Security-Policy]', (all) => all.map((one) => one.content));
  for (const directive of [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
  ]) {
    assert.ok(policy.split('; ').includes(directive), directive);
  }
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/);
  assert.equal(added, "connect-src 'none'");
  await page.close();
});

test('pasted text is not in the address, title, history or storage, and is gone after a reload', async () => {
  const page = await here.open();
  const requests = [];
  page.on('request', (request) => requests.push(`${request.url()} ${request.postData() ?? ''}`));
  await page.click('[data-sample="Harness"]');
  await page.click('text=Portal');
  await page.click('#tab-write');
  await page.click('#written .link');
  await page.click('#tab-check');
  assert.deepEqual(requests, [], 'after it was loaded the page asks for nothing');
  const kept = await page.evaluate(async () => ({
    address: location.href,
    title: document.title,
    history: [history.length, history.state],
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    cookies: document.cookie,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    window: window.name,
  }));
  assert.deepEqual(kept, {
    address: here.url,
    title: 'Why does Entra refuse this token?',
    history: [kept.history[0], null],
    local: [],
    session: [],
    cookies: '',
    databases: 0,
    caches: 0,
    workers: 0,
    window: '',
  });
  await page.reload();
  await page.waitForSelector('html[data-ready]');
  assert.deepEqual(await page.$$eval('textarea', (all) => all.map((one) => one.value).join('')), '');
  await page.close();
});

test('markup in a claim or a name stays text', async () => {
  const page = await here.open();
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  await page.fill('#presented', JSON.stringify({ iss: 'https://ci.example', sub: hostile, aud: hostile, [hostile]: hostile }));
  await page.fill(
    '#credentials',
    JSON.stringify([{ name: hostile, issuer: 'https://ci.example', subject: `${hostile}!`, audiences: ['a'] }]),
  );
  await page.fill('#error', `AADSTS700213: ${hostile}`);
  assert.equal((await shown(page)).verdict, 'no-match');
  await page.click('.credentials summary');
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.equal(await page.title(), 'Why does Entra refuse this token?');
  await page.close();
});

test('another file instead of the component is refused', async () => {
  const context = await here.browser.newContext();
  const page = await context.newPage();
  await page.route('**/azure_oidc.parts.bin', (route) =>
    route.fulfill({ contentType: 'application/octet-stream', body: Buffer.from('0061736d0d000100', 'hex') }),
  );
  await page.goto(here.url);
  await page.waitForSelector('#loading.bad');
  assert.match(await page.textContent('#loading'), /not the version that this page was built for: SHA-256 [0-9a-f]{64}/);
  await context.close();
});
