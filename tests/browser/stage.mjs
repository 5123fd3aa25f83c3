// Helpers of the tests: the built page on loopback, Debian's browsers, and the command line.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { serve } from '../../examples/browser/build/serve.mjs';
import { CONTEXT, launch } from './browsers.mjs';

export const PAGE = wanted('AZURE_OIDC_WEB');
/** The folder for screenshots of the states. */
export const PICTURES = wanted('AZURE_OIDC_WEB_SCREENSHOTS');
const HOST = wanted('AZURE_OIDC_BIN');
/** The fixed time of the page's clock, for comparison with `--now`. */
export const NOW = 1_790_000_000;
/** Milliseconds. Much longer than a slow machine needs; a page that takes longer hangs. */
const PATIENCE = 30_000;

const packages = createRequire(resolve(wanted('AZURE_OIDC_WEB_TEST_MODULES'), 'package.json'));
export const AXE = readFileSync(packages.resolve('axe-core/axe.min.js'), 'utf8');

mkdirSync(PICTURES, { recursive: true });

/** @returns The page's address, and a function that opens it in a new browser context. */
export async function stage() {
  const server = await serve(PAGE, 0);
  const url = `http://localhost:${server.address().port}/`;
  const browser = await launch();
  return { url, browser, open, close };

  /** Opens a page and waits until it is ready. `mistakes` collects its errors. */
  async function open({ colorScheme = 'light', width = 1280, height = 900, now = NOW } = {}) {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width, height },
      reducedMotion: 'reduce',
      ...CONTEXT,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const mistakes = [];
    page.on('pageerror', (error) => mistakes.push(error.message));
    page.on('console', (message) => message.type() === 'error' && mistakes.push(message.text()));
    if (now !== null) await page.clock.setFixedTime(now * 1000);
    await page.goto(url);
    await page.waitForSelector('html[data-ready]');
    return Object.assign(page, { mistakes });
  }

  async function close() {
    await browser.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}

/** What the command line says, in the page's words: some remedies name options there. */
function inWords(text) {
  return [
    ['`azure-oidc explain` with `--credential credentials.json`', '`explain` as `credentials`'],
    ['`azure-oidc verify --discover`', "`verify` and the issuer's keys"],
  ].reduce((said, [option, member]) => said.replaceAll(option, member), text);
}

/** Runs the command line without a shell. Exit codes 0 and 1 are answers. */
export function commandLine(args, { token, files = {}, input } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'azure-oidc-browser-'));
  try {
    const named = args.map((argument) => (argument in files ? join(folder, argument) : argument));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return inWords(execFileSync(HOST, named, {
      encoding: 'utf8',
      env: token === undefined ? {} : { T: token },
      ...(input === undefined ? { stdio: ['ignore', 'pipe', 'pipe'] } : { input, stdio: ['pipe', 'pipe', 'pipe'] }),
    }));
  } catch (error) {
    if (error.status === 1) return inWords(error.stdout);
    throw new Error(`azure-oidc ${args.join(' ')} ended with ${error.status}: ${error.stdout}${error.stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The answer that the page shows, in the form of the command line's JSON. */
export function shown(page) {
  return page.evaluate(() => {
    const verdict = document.querySelector('.verdict');
    const text = (element) => element?.textContent ?? null;
    return {
      verdict: verdict?.dataset.outcome ?? null,
      predicted_error: verdict?.dataset.aadsts ? `AADSTS${verdict.dataset.aadsts}` : null,
      findings: Array.from(verdict?.querySelectorAll('.finding') ?? [], (finding) => ({
        code: finding.dataset.code,
        severity: finding.dataset.severity,
        position: finding.dataset.position === undefined ? null : Number(finding.dataset.position),
        message: text(finding.querySelector('.reason > span:last-child')),
        remedy: text(finding.querySelector('.remedy pre') ?? finding.querySelector('.remedy > p')),
        first_marked: marked(finding),
      })),
      credentials: Array.from(document.querySelectorAll('.credentials details'), (one) => ({
        name: one.dataset.credential,
        matches: one.dataset.matches === 'true',
      })),
      claims: Object.fromEntries(
        Array.from(document.querySelectorAll('.token tbody:not(.header) tr'), (row) => [
          text(row.querySelector('th')),
          text(row.querySelector('td code')),
        ]),
      ),
      headline: text(document.querySelector('.verdict h2')),
    };

    function marked(finding) {
      const pieces = Array.from(finding.querySelector('.line')?.children ?? []);
      const first = pieces.findIndex((piece) => piece.classList.contains('differs'));
      return first < 0 ? null : Array.from(pieces.slice(0, first).map(text).join('')).length;
    }
  });
}

/** Findings that the page shows elsewhere; see `SHOWN_ELSEWHERE` in view/verdict.js. */
const SHOWN_ELSEWHERE = ['signature-not-checked', 'token-not-given', 'signature-valid'];

/** The command line's answer as the page must show it. The page shows each remedy once. */
export function expected(said) {
  const told = new Set();
  const once = (remedy) => (told.has(remedy) ? null : (told.add(remedy), remedy));
  return {
    verdict: said.verdict,
    predicted_error: said.predicted_error,
    findings: said.findings
      .filter((finding) => !SHOWN_ELSEWHERE.includes(finding.code))
      .map((finding) => ({
        code: finding.code,
        severity: finding.severity,
        position: finding.position,
        message: sentence(finding.message),
        remedy: once(finding.remedy && (isCommand(finding.remedy) ? finding.remedy : sentence(finding.remedy))),
        first_marked: finding.position !== null && ['iss', 'sub', 'aud'].includes(finding.claim) ? finding.position : null,
      })),
    claims: Object.fromEntries(
      Object.entries(said.token).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
    ),
  };
}

export function isCommand(text) {
  return /^(az|buildkite-agent|circleci|gcloud|gh|glab|kubectl|terraform|Set-Content|if \(!\$env:\w+\)) [^`]*$/.test(text);
}

export function sentence(text) {
  const plain = text.replaceAll('`', '');
  return `${text.startsWith('`') ? plain.charAt(0) : plain.charAt(0).toUpperCase()}${plain.slice(1)}${/[.!?:]$/.test(plain) ? '' : '.'}`;
}

/** The contents of the fields. */
export const values = (page) =>
  page.evaluate(() =>
    Object.fromEntries(['presented', 'credentials', 'error', 'keys'].map((id) => [id, document.getElementById(id).value])),
  );

/** Pastes like a user: with a paste event on the focused element. */
export async function paste(page, text) {
  if (page.paste) return page.paste(text);
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await page.keyboard.press('ControlOrMeta+V');
}

export const samples = JSON.parse(readFileSync(join(PAGE, 'samples.json'), 'utf8'));

function wanted(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run \`cargo xtask web --test\``);
  return value;
}
