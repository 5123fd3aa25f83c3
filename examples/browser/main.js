// The page: starts the component, forbids all connections, and shows the answers for the contents of the fields.

import { ask } from './ask.js';
import { load } from './component.js';
import { checkAtIssue, describe, fill, given, isEmpty, listen } from './fields.js';
import { generator } from './generator.js';
import { samples } from './samples.js';
import { cards, welcome } from './view/answer.js';
import { copyButton, spoken } from './view/copy.js';
import { byId, code, h } from './view/dom.js';
import { listSamples } from './view/samples.js';
import { tabs } from './view/tabs.js';
import { headline } from './view/verdict.js';

/** The names of clouds. The component accepts no others and does not export a list. */
const CLOUDS = ['public', 'usgov', 'china', 'france', 'germany', 'singapore'];
/** Milliseconds. Screen readers announce the answer when typing pauses, not after each letter. */
const SPEAK_AFTER = 600;

/** @type {HTMLElement} */
const answerArea = byId('answer');
/** @type {HTMLButtonElement} */
const glance = byId('glance');

start().catch((error) => {
  byId('loading').textContent = `The component could not be started: ${error.message}`;
  byId('loading').classList.add('bad');
});

async function start() {
  const [response, rows] = await Promise.all([fetch('azure_oidc.wasm'), samples()]);
  if (!response.ok) throw new Error(`azure_oidc.wasm: HTTP ${response.status}`);
  const component = await load(new Uint8Array(await response.arrayBuffer()));
  disconnect();
  identify(component);
  const { claims } = component;
  const titles = new Map(claims.platforms().map((one) => [one.name, one.title]));
  let speaking = 0;

  const panels = [byId('panel-check'), byId('panel-write')];
  tabs([byId('tab-check'), byId('tab-write')], (index) => panels.forEach((panel, other) => (panel.hidden = other !== index)));
  generator(panels[1], claims, CLOUDS);
  listSamples(claims, rows, fill);
  listen(CLOUDS, update);
  pointToAnswer();
  update();
  document.documentElement.dataset.ready = 'true';

  /** Computes and shows the answer again. */
  function update() {
    const input = given();
    const answer = ask(claims, input);
    describe(answer, titles);
    answerArea.replaceChildren(...(isEmpty() ? [welcome()] : cards(claims, input, answer, titles, atIssue)));
    const shown = answer.verdict?.ok && answer.credentials ? headline(answer) : undefined;
    const text = shown ? `${shown.title}${shown.aadsts === undefined ? '' : `: ${code(shown.aadsts)}`}` : '';
    glance.hidden = !shown;
    glance.classList.toggle('good', shown?.tone === 'good');
    glance.textContent = text;
    clearTimeout(speaking);
    const reason = answer.verdict?.ok?.findings[0]?.message ?? '';
    speaking = setTimeout(() => spoken(shown ? `${text}. ${reason}` : ''), SPEAK_AFTER);
  }
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

/** On a narrow page the answer is below the fields. A bar shows the verdict while the answer is out of sight. */
function pointToAnswer() {
  glance.addEventListener('click', () => {
    answerArea.scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
    answerArea.focus({ preventScroll: true });
  });
  const seen = (/** @type {IntersectionObserverEntry[]} */ [entry]) => glance.classList.toggle('seen', entry.isIntersecting);
  new IntersectionObserver(seen, { rootMargin: '-25% 0px' }).observe(answerArea);
}
