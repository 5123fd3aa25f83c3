// The page: works at once, loads the component beside that, forbids all connections, and shows the answers for the fields.

import { ask } from './ask.js';
import { first, parts } from './built.js';
import { checkAtIssue, describe, describeEarly, divert, fill, given, isEmpty, listen } from './fields.js';
import { cards, welcome } from './view/answer.js';
import { copyButton, spoken } from './view/copy.js';
import { byId, code, h } from './view/dom.js';
import { keepingFocus } from './view/focus.js';
import { glance } from './view/glance.js';
import { fetched, failed } from './view/loading.js';
import { onShell } from './view/shell.js';
import { tabs } from './view/tabs.js';
import { headline } from './view/verdict.js';

/** The names of clouds. The component accepts no others and does not export a list. */
const CLOUDS = ['public', 'usgov', 'china', 'france', 'germany', 'singapore'];
/** Milliseconds. Screen readers announce the answer when typing pauses, not after each letter. */
const SPEAK_AFTER = 600;
/** The heading of each tab. */
const HEADINGS = ['Why does Entra refuse this token?', 'What is wrong with these credentials?', 'Which credentials does this pipeline need?'];

/** @type {HTMLElement} */
const answerArea = byId('answer');
const panels = [byId('panel-check'), byId('panel-audit'), byId('panel-write')];
/** Shows the answer for the contents of the fields. Until the component is there: what the fields contain. */
let answer = (/** @type {Element | undefined} */ _control) => describeEarly();
/** Called with the index of a tab when it is chosen. */
let chosen = (/** @type {number} */ _index) => false;

tabs([byId('tab-check'), byId('tab-audit'), byId('tab-write')], (index) => {
  panels.forEach((panel, other) => (panel.hidden = other !== index));
  byId('title').textContent = HEADINGS[index];
  chosen(index);
});
listen(CLOUDS, (control) => answer(control));
describeEarly();
document.documentElement.dataset.usable = 'true';
start().catch(failed);

async function start() {
  const loading = byId('loading');
  const { begun, whole } = fetched('azure_oidc.parts.bin', parts, first);
  const { early, load, STILL_LOADING } = await import('./component.js');
  const beginning = await begun;
  performance.mark('first-part');
  let { claims } = await early(beginning);
  let isWhole = false;
  const titles = new Map(claims.platforms().map((one) => [one.name, one.title]));
  const showGlance = glance(answerArea);
  let speaking = 0;
  answer = update;
  onShell(() => keepingFocus(answerArea, () => update()));
  update();
  document.documentElement.dataset.early = 'true';

  const forms = import('./later.js');
  const [bytes, { auditor, generator, listSamples, rows }] = await Promise.all([whole, forms]);
  const component = await load(bytes);
  disconnect();
  identify(component);
  claims = component.claims;
  isWhole = true;
  const writer = generator(panels[2], claims, CLOUDS);
  const audit = auditor(panels[1], claims, CLOUDS);
  chosen = (index) => index === 1 && audit.offer(given().credentials);
  divert((text, file) => !panels[1].hidden && (audit.take(text, file), true));
  listSamples(claims, rows, fill);
  onShell(() => (writer.write(), audit.write()));
  keepingFocus(answerArea, () => update());
  document.documentElement.dataset.ready = 'true';

  /**
   * Computes and shows the answer again.
   * @param {Element} [control] The control that the user has changed.
   */
  function update(control) {
    const input = given();
    const found = ask(claims, input);
    describe(found, titles);
    const isAnswered = isWhole || !isWaiting(found);
    const list = isEmpty() ? (isWhole ? [welcome()] : []) : isAnswered ? cards(claims, input, found, titles, atIssue) : [];
    answerArea.replaceChildren(...list, ...(isWhole ? [] : [loading]));
    if (isWhole) writer.suggest(found.inspection?.ok?.platform ?? platformOf(found));
    const { text, tone } = summary(found, list);
    showGlance(text, tone, control);
    clearTimeout(speaking);
    const reason = found.verdict?.ok?.findings[0]?.message ?? '';
    speaking = setTimeout(() => spoken(text && `${text}. ${reason}`), SPEAK_AFTER);
  }

  /**
   * Whether an answer needs a function that is still loading.
   * @param {import('./ask.js').Answer} found
   */
  function isWaiting({ inspection, verdict, credentials, explanations, keys }) {
    return [inspection, verdict, credentials, explanations, keys].some((one) => one?.fault?.code === STILL_LOADING);
  }

  /**
   * The platform of credentials or of an error without a token.
   * @param {import('./ask.js').Answer} found
   */
  function platformOf({ credentials, explanations }) {
    const issuers = [
      ...(explanations?.ok ?? []).flatMap((one) => (one.text ?? '').match(/https:\/\/[^\s'"`<>]+[^\s'"`<>.,;]/g) ?? []),
      ...(credentials?.ok ?? []).map((one) => one.issuer),
    ];
    return issuers.map(writer.platformOf).find((name) => name !== undefined);
  }
}

/**
 * The answer in a few words: the verdict, or else the heading of the first card.
 * @param {import('./ask.js').Answer} found
 * @param {Node[]} list
 * @returns {{ text: string, tone: string }}
 */
function summary(found, list) {
  const heading = isEmpty() ? undefined : list.map((card) => card instanceof Element && card.querySelector('h2')).find(Boolean);
  if (!(heading instanceof Element)) return { text: '', tone: '' };
  if (heading.id !== 'verdict-title')
    return { text: heading.textContent ?? '', tone: heading.id === 'explanation-title' ? 'bad' : 'info' };
  const { title, aadsts, tone } = headline(found);
  return { text: `${title}${aadsts === undefined ? '' : `: ${code(aadsts)}`}`, tone };
}

function atIssue() {
  checkAtIssue();
  answerArea.focus({ preventScroll: true });
}

/** Forbids all connections, even to the page's own origin. A policy can be added but not removed. */
function disconnect() {
  document.head.append(h('meta', { 'http-equiv': 'Content-Security-Policy', content: "connect-src 'none'" }));
  const policy = h('code', null, "connect-src 'none'");
  byId('policy').replaceChildren('since the component was loaded, not even to its own origin (', policy, ')');
}

/** @param {import('./component.js').Component} component */
function identify({ digest, size }) {
  byId('identity').replaceChildren(
    h('strong', null, 'The same component. '),
    h('code', null, 'azure_oidc.wasm'),
    `, ${Math.round(size / 1024)} KiB, runs here without any permission. This page computed its SHA-256; `,
    h('code', null, 'azure-oidc component --digest'),
    ' prints the same: ',
    h('code.digest', null, digest),
    ' ',
    copyButton(digest, 'the digest'),
  );
}
