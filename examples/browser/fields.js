// The fields of the page: what they hold, and how what is pasted or dropped anywhere finds the one it belongs in.

import { fieldOf, recognise } from './recognise.js';
import { spoken } from './view/copy.js';
import { byId } from './view/dom.js';

/** @typedef {import('./recognise.js').Field} Field */
/** @typedef {import('./ask.js').Answer} Answer */

/** The largest text that is taken, in characters: more than any token or list of credentials. */
const MAX_TEXT = 1_048_576;

/** @type {Record<Field, HTMLTextAreaElement>} */
const fields = { presented: byId('presented'), credentials: byId('credentials'), error: byId('error'), keys: byId('keys') };
const names = /** @type {Field[]} */ (Object.keys(fields));
/** @type {HTMLSelectElement} */
const when = byId('when');
/** @type {HTMLSelectElement} */
const cloud = byId('cloud');
/** @type {HTMLInputElement} */
const issuer = byId('expected-issuer');
/** @type {HTMLInputElement} */
const audience = byId('expected-audience');

/** What changes are told to. */
let changed = () => {};

/**
 * Begins to listen.
 * @param {string[]} clouds
 * @param {() => void} tell Called after every change.
 */
export function listen(clouds, tell) {
  changed = tell;
  for (const name of clouds) cloud.append(new Option(name));
  for (const name of names) {
    fields[name].addEventListener('input', changed);
    fields[name].addEventListener('paste', (event) => take(pasted(event), event, name));
  }
  for (const control of [when, cloud, issuer, audience]) control.addEventListener('input', changed);
  document.addEventListener('paste', (event) => {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (!isTyping) take(pasted(event), event);
  });
  byId('clear').addEventListener('click', () => {
    fill({});
    fields.presented.focus();
  });
  acceptDrops();
}

/** @returns {import('./ask.js').Given} */
export function given() {
  return {
    presented: fields.presented.value,
    credentials: fields.credentials.value,
    error: fields.error.value,
    keys: fields.keys.value,
    issuer: issuer.value,
    audience: audience.value,
    cloud: cloud.value,
    now: Math.floor(Date.now() / 1000),
    atIssue: when.value === 'issued',
  };
}

export function isEmpty() {
  return names.every((name) => fields[name].value.trim() === '');
}

/**
 * Fills all fields; those that are not named become empty.
 * @param {Partial<Record<Field, string>>} texts
 */
export function fill(texts) {
  for (const name of names) fields[name].value = texts[name] ?? '';
  [issuer.value, audience.value, when.value] = ['', '', 'now'];
  changed();
}

/** Has the token checked for the time at which it was issued. */
export function checkAtIssue() {
  when.value = 'issued';
  changed();
}

/**
 * Says beside each field what it holds, and with what a bare subject was completed.
 * @param {Answer} answer
 * @param {Map<string, string>} titles Names of the platforms, for people.
 */
export function describe(answer, titles) {
  const { inspection, credentials, keys, explanations, expected } = answer;
  const kind = answer.kind && { token: 'ID token', claims: 'claims', subject: 'subject' }[/** @type {'token'} */ (answer.kind)];
  const platform = inspection?.ok?.platform;
  const of = platform ? `, ${titles.get(platform) ?? platform}` : '';
  show('presented', kind && (inspection?.fault ? 'not a token' : `${kind}${of}`));
  show('credentials', counted(credentials, credentials?.ok?.length, 'credential'));
  show('keys', counted(keys, keys?.ok, 'key'));
  show('error', explanations?.ok && (explanations.ok.map((one) => `AADSTS${one.aadsts}`).join(', ') || 'no code found'));
  byId('clear').hidden = isEmpty();
  byId('expected').hidden = !expected;
  if (!expected) [issuer.value, audience.value] = ['', ''];
  issuer.placeholder = expected?.issuer || 'https://…';
  audience.placeholder = expected?.audience || 'that of the cloud';
}

/**
 * Puts a pasted text where it belongs, if that is not where it was pasted. Only a whole text is moved, never a correction.
 * @param {string} text
 * @param {Event} event
 * @param {Field} [into]
 */
function take(text, event, into) {
  const kind = recognise(text);
  if (!kind) return;
  const field = fieldOf(kind);
  const target = into && fields[into];
  const isWhole = !target || target.selectionEnd - target.selectionStart === target.value.length;
  if (target && (field === into || kind === 'subject' || !isWhole)) return;
  event.preventDefault();
  put(field, text);
  fields[field].focus();
}

/**
 * @param {Field} field
 * @param {string} text
 */
function put(field, text) {
  fields[field].value = text.slice(0, MAX_TEXT);
  spoken(`Recognised, and put into: ${fields[field].labels[0].textContent}.`);
  changed();
}

function acceptDrops() {
  let depth = 0;
  const over = (/** @type {number} */ change) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle('dropping', depth > 0);
  };
  document.addEventListener('dragenter', () => over(1));
  document.addEventListener('dragleave', () => over(-1));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', async (event) => {
    event.preventDefault();
    over(-depth);
    const files = Array.from(event.dataTransfer?.files ?? []);
    const text = event.dataTransfer?.getData('text/plain') ?? '';
    const texts = files.length ? await Promise.all(files.map((file) => file.slice(0, MAX_TEXT).text())) : [text];
    for (const one of texts) {
      const kind = recognise(one);
      if (kind) put(fieldOf(kind), one);
    }
  });
}

/** @param {ClipboardEvent} event */
function pasted(event) {
  return event.clipboardData?.getData('text/plain') ?? '';
}

/**
 * @param {Field} field
 * @param {string | undefined} text
 */
function show(field, text) {
  byId(`${field}-kind`).textContent = text ?? '';
}

/**
 * @param {{ fault?: unknown } | undefined} result
 * @param {number | undefined} count
 * @param {string} noun
 */
function counted(result, count, noun) {
  if (result?.fault) return 'cannot be read';
  return count === undefined ? undefined : `${count} ${noun}${count === 1 ? '' : 's'}`;
}
