// WebKitGTK's MiniBrowser over WebDriver, with the part of Playwright's interface that the tests use. Playwright itself drives only its own
// build of WebKit. Selectors are CSS, or `text=` with the exact text of a button.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';

const DRIVER = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
const BROWSER = process.env.WEBKIT ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
/** Milliseconds, as in stage.mjs. */
const PATIENCE = 30_000;
/** Milliseconds between two looks at the page. */
const LOOK = 20;
/** How WebDriver returns an element (W3C WebDriver §12). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** WebDriver's codes of keys that are no letters (§17.4.2). */
const KEYS = { Control: '\uE009', Shift: '\uE008', Tab: '\uE004', Enter: '\uE007', Escape: '\uE00C', ArrowRight: '\uE014', ArrowLeft: '\uE012' };

/** Starts a screen, the driver and the browser. One page at a time is open. */
export async function launch() {
  const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const display = String(await new Promise((done) => screen.stdout.once('data', done))).trim();
  const port = await freePort();
  const driver = spawn(DRIVER, [`--port=${port}`], {
    stdio: 'ignore',
    env: { ...process.env, DISPLAY: `:${display}`, GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1', WEBKIT_DISABLE_DMABUF_RENDERER: '1' },
  });
  const address = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${address}/status`).catch(() => null))?.ok, 'the driver does not listen');
  const options = { 'webkitgtk:browserOptions': { binary: BROWSER, args: ['--automation'] } };
  let end = async () => {};

  return {
    async newContext({ viewport } = {}) {
      // The driver has one session at a time, and a test that failed has not closed its own.
      await end();
      const made = await call(address, 'POST', '/session', { capabilities: { alwaysMatch: options } });
      const send = (method, path, body) => call(address, method, `/session/${made.sessionId}${path}`, body);
      end = async () => {
        end = async () => {};
        await send('DELETE', '');
      };
      return { newPage: async () => new Page(send, () => end(), viewport) };
    },
    async close() {
      await end();
      driver.kill();
      screen.kill();
    },
  };
}

class Page {
  #send;
  #close;
  #viewport;
  #now;

  constructor(send, close, viewport) {
    this.#send = send;
    this.#close = close;
    this.#viewport = viewport;
  }

  clock = {
    setFixedTime: async (now) => {
      this.#now = now;
      await this.#stopTheClock();
    },
  };

  keyboard = {
    press: async (keys) => {
      const pressed = keys.split('+').map((key) => KEYS[key === 'ControlOrMeta' ? 'Control' : key] ?? key);
      const actions = [
        ...pressed.map((value) => ({ type: 'keyDown', value })),
        ...pressed.toReversed().map((value) => ({ type: 'keyUp', value })),
      ];
      await this.#send('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
    },
    type: async (text) => {
      for (const letter of text) await this.keyboard.press(letter);
    },
  };

  setDefaultTimeout() {}

  /** Errors of the page are read at the end, by `mistakes`. */
  on() {}

  async goto(url) {
    if (this.#viewport) await this.setViewportSize(this.#viewport);
    await this.#send('POST', '/url', { url });
    // The page asks for the time when it checks, which is after this.
    await this.evaluate(() => {
      globalThis.mistakes = [];
      addEventListener('error', (event) => globalThis.mistakes.push(event.message));
      addEventListener('unhandledrejection', (event) => globalThis.mistakes.push(String(event.reason)));
      const { error } = console;
      console.error = (...words) => (globalThis.mistakes.push(words.join(' ')), error.apply(console, words));
    });
    await this.#stopTheClock();
  }

  #stopTheClock() {
    return this.evaluate((now) => {
      if (now !== null) Date.now = () => now;
    }, this.#now ?? null);
  }

  /** Makes the window so large that the page has this size. */
  async setViewportSize({ width, height }) {
    await this.#send('POST', '/window/rect', { width, height });
    const [inner, outer] = await this.evaluate(() => [innerWidth, innerHeight]).then((size) => [size, [width, height]]);
    await this.#send('POST', '/window/rect', { width: 2 * outer[0] - inner[0], height: 2 * outer[1] - inner[1] });
  }

  async evaluate(work, argument) {
    const script = `const done = arguments[1];
      (async () => (${work})(arguments[0]))().then((value) => done({ value }), (error) => done({ error: String(error?.stack ?? error) }));`;
    const code = typeof work === 'string' ? `${work}; arguments[1]({});` : script;
    const { value, error } = await this.#send('POST', '/execute/async', { script: code, args: [argument ?? null] });
    if (error) throw new Error(error);
    return value;
  }

  async addScriptTag({ content }) {
    await this.evaluate(content);
  }

  $$eval(selector, work, argument) {
    const call = `([selector, argument]) => (${work})(Array.from(document.querySelectorAll(selector)), argument)`;
    return this.evaluate({ toString: () => call }, [selector, argument ?? null]);
  }

  async $eval(selector, work, argument) {
    await this.waitForSelector(selector, { state: 'attached' });
    const call = `([selector, argument]) => (${work})(document.querySelector(selector), argument)`;
    return this.evaluate({ toString: () => call }, [selector, argument ?? null]);
  }

  async waitForFunction(work, argument) {
    await until(() => this.evaluate(work, argument), `never true: ${work}`);
  }

  async waitForSelector(selector, { state = 'visible' } = {}) {
    await until(() => this.#find(selector, state === 'visible'), `${selector} does not appear`);
  }

  /** The element, if there is one, and if it must be, visible. */
  async #find(selector, isVisible) {
    // `SCOPE text=TEXT` is the control with this text in the first element of the scope.
    const [, scope, text] = /^(.*?) ?text=(.*)$/s.exec(selector) ?? [];
    const found = await this.#send('POST', '/execute/sync', {
      script: `const [selector, scope, text, isVisible] = arguments;
        const within = scope ? document.querySelector(scope) : document;
        const all = text === null ? document.querySelectorAll(selector)
          : Array.from(within?.querySelectorAll('button, [role=tab], summary, label, a') ?? []).filter((one) => one.textContent.trim() === text);
        return Array.from(all).find((one) => !isVisible || (one.checkVisibility() && one.getClientRects().length > 0)) ?? null;`,
      args: [selector, scope ?? null, text ?? null, isVisible],
    });
    return found?.[ELEMENT];
  }

  async click(selector) {
    let element;
    await until(async () => (element = await this.#find(selector, true)), `${selector} is not visible`);
    await this.#send('POST', '/execute/sync', {
      script: `arguments[0].scrollIntoView({ block: 'center' })`,
      args: [{ [ELEMENT]: element }],
    });
    await this.#send('POST', `/element/${element}/click`, {});
  }

  check(selector) {
    return this.$eval(selector, (one) => one.checked || one.click());
  }

  async fill(selector, text) {
    await this.waitForSelector(selector);
    await this.$eval(
      selector,
      (field, text) => {
        field.focus();
        field.value = text;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        field.dispatchEvent(new Event('change', { bubbles: true }));
      },
      text,
    );
  }

  selectOption(selector, value) {
    return this.$eval(
      selector,
      (field, value) => {
        field.value = value;
        field.dispatchEvent(new Event('input', { bubbles: true }));
        field.dispatchEvent(new Event('change', { bubbles: true }));
      },
      value,
    );
  }

  /** As a paste event on the focused element: MiniBrowser has no rights to the clipboard. */
  paste(text) {
    return this.evaluate((text) => {
      const data = new DataTransfer();
      data.setData('text/plain', text);
      const target = document.activeElement ?? document.body;
      const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
      if (target.dispatchEvent(event) && 'value' in target) document.execCommand('insertText', false, text);
    }, text);
  }

  focus(selector) {
    return this.$eval(selector, (one) => one.focus());
  }

  inputValue(selector) {
    return this.$eval(selector, (one) => one.value);
  }

  textContent(selector) {
    return this.$eval(selector, (one) => one.textContent);
  }

  getAttribute(selector, name) {
    return this.$eval(selector, (one, name) => one.getAttribute(name), name);
  }

  async isVisible(selector) {
    return Boolean(await this.#find(selector, true));
  }

  title() {
    return this.evaluate(() => document.title);
  }

  locator(selector) {
    return {
      count: () => this.$$eval(selector, (all) => all.length),
      first: () => this.locator(selector),
      getByRole: (role, options) => this.getByRole(role, options, selector),
    };
  }

  /** Only names of controls are looked at, because each has another one. */
  getByRole(_, { name }, scope = '') {
    const selector = `${scope} text=${name}`;
    return { click: () => this.click(selector), check: () => this.#choose(selector) };
  }

  /** With the focus, as with the keyboard: a click of the mouse gives it to no radio button in WebKit. */
  async #choose(selector) {
    let element;
    await until(async () => (element = await this.#find(selector, true)), `${selector} is not visible`);
    const script = 'const one = arguments[0].control ?? arguments[0]; one.focus(); one.click();';
    await this.#send('POST', '/execute/sync', { script, args: [{ [ELEMENT]: element }] });
  }

  async screenshot({ path } = {}) {
    // They are for people, and on a busy machine the driver needs minutes for some.
    if (process.env.AZURE_OIDC_WEB_FEW) return;
    const picture = Buffer.from(await this.#send('GET', '/screenshot'), 'base64');
    if (path) writeFileSync(path, picture);
    return picture;
  }

  /** What went wrong on the page so far. */
  mistakesSoFar() {
    return this.evaluate(() => globalThis.mistakes);
  }

  context() {
    return { close: () => this.close() };
  }

  async close() {
    const mistakes = await this.mistakesSoFar();
    await this.#close();
    if (mistakes.length > 0) throw new Error(`errors of the page: ${mistakes.join('; ')}`);
  }
}

async function call(address, method, path, body) {
  const signal = AbortSignal.timeout(2 * PATIENCE);
  const answer = await fetch(address + path, { method, signal, body: body && JSON.stringify(body) });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
  return value;
}

async function until(look, otherwise) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    if (await look()) return;
    if (Date.now() > end) throw new Error(otherwise);
    await pause(LOOK);
  }
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
