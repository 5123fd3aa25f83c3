// Starts the browser that AZURE_OIDC_WEB_BROWSER names: `chromium`, `firefox` or `webkit`. Each is the one of the system, without changes.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

export const NAME = process.env.AZURE_OIDC_WEB_BROWSER || 'chromium';
const PROGRAMS = { chromium: process.env.CHROMIUM ?? '/usr/bin/chromium', firefox: process.env.FIREFOX ?? '/usr/bin/firefox-esr' };
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const packages = createRequire(resolve(process.env.AZURE_OIDC_WEB_TEST_MODULES, 'package.json'));
const { chromium, firefox } = packages('playwright-core');

/** @returns The browser. */
export async function launch() {
  if (NAME === 'chromium') return chromium.launch({ executablePath: PROGRAMS.chromium, args: FLAGS });
  if (NAME === 'firefox') return launchFirefox();
  if (NAME === 'webkit') return (await import('./webkit.mjs')).launch();
  throw new Error(`there is no browser ${NAME}`);
}

/** What a new context may do. Only Chromium asks for rights to the clipboard; Firefox has a setting. */
export const CONTEXT = NAME === 'chromium' ? { permissions: ['clipboard-read', 'clipboard-write'] } : {};

/** Over WebDriver BiDi. */
async function launchFirefox() {
  const browser = await firefox.launch({
    channel: 'moz-firefox',
    executablePath: PROGRAMS.firefox,
    firefoxUserPrefs: { 'dom.events.testing.asyncClipboard': true, 'ui.prefersReducedMotion': 1 },
  });
  // The current ESR has no command for the colour scheme, which Playwright always sends. Without it the scheme is the system's.
  const session = Object.getPrototypeOf(browser._connection.toImpl(browser)._browserSession);
  const { send } = session;
  session.send = function (method, parameters) {
    return method === 'emulation.setMediaFeaturesOverride' ? Promise.resolve({}) : send.call(this, method, parameters);
  };
  return browser;
}
