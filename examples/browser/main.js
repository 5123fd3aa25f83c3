// The page: it starts the component, cuts every connection, and shows what the component says of what is in the fields.

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

/** As the component names them; it refuses any other name, and has no list of them to ask for. */
const CLOUDS = ['public', 'usgov', 'china', 'france', 'germany', 'singapore'];
/** Milliseconds: who hears the page is told the end of what was typed, and not each letter. */
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

  /** Asks everything again, and shows it. */
  function update() {
    const asked = given();
    const answer = ask(claims, asked);
    describe(answer, titles);
    answerArea.replaceChildren(...(isEmpty() ? [welcome()] : cards(claims, asked, answer, titles, atIssue)));
    const said = answer.verdict?.ok && answer.credentials ? headline(answer) : undefined;
    const text = said ? `${said.title}${said.aadsts === undefined ? '' : `: ${code(said.aadsts)}`}` : '';
    glance.hidden = !said;
    glance.classList.toggle('good', said?.tone === 'good');
    glance.textContent = text;
    clearTimeout(speaking);
    const reason = answer.verdict?.ok?.findings[0]?.message ?? '';
    speaking = setTimeout(() => spoken(said ? `${text}. ${reason}` : ''), SPEAK_AFTER);
  }
}

function atIssue() {
  checkAtIssue();
  answerArea.focus({ preventScroll: true });
}

/** From here on this page can reach nothing, not even where it came from: a policy can be added, and never taken away. */
function disconnect() {
  document.head.append(h('meta', { 'http-equiv': 'Content-Security-Policy', content: "connect-src 'none'" }));
  const policy = h('code', null, "connect-src 'none'");
  byId('policy').replaceChildren('since the component was loaded, not even to its own origin (', policy, ')');
}

/** @param {import('./component.js').Component} component */
function identify({ digest, size }) {
  byId('identity').replaceChildren(
    h('strong', null, 'The very same bytes. '),
    h('code', null, 'azure_oidc.wasm'),
    `, ${Math.round(size / 1024)} KiB, runs here with nothing granted. Its SHA-256, computed on this page, is what `,
    h('code', null, 'azure-oidc component --digest'),
    ' prints: ',
    h('code.digest', null, digest),
    ' ',
    copyButton(digest, 'the digest'),
  );
}

/** On a narrow page the answer is below what was pasted; a bar tells it until it comes into sight. */
function pointToAnswer() {
  glance.addEventListener('click', () => {
    answerArea.scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
    answerArea.focus({ preventScroll: true });
  });
  const seen = (/** @type {IntersectionObserverEntry[]} */ [entry]) => glance.classList.toggle('seen', entry.isIntersecting);
  new IntersectionObserver(seen, { rootMargin: '-25% 0px' }).observe(answerArea);
}
