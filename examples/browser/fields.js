// The fields of the page. Recognises pasted or dropped text and puts it into the right field.

import { fieldOf, hasCode, recognise } from './recognise.js';
import { spoken } from './view/copy.js';
import { byId } from './view/dom.js';
import { name } from './view/explanations.js';
import { shell } from './view/shell.js';

/** @typedef {import('./recognise.js').Field} Field */
/** @typedef {import('./ask.js').Answer} Answer */

/** The largest accepted text, in characters: longer than any token or list of credentials. */
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

/**
 * Called after every change, with the control that the user has changed.
 * @type {(control?: Element) => void}
 */
let changed = () => {};

/**
 * Takes credentials that were pasted or dropped beside the fields. False if they belong to their field here.
 * @type {(text: string, file?: string) => boolean}
 */
let taken = () => false;

/** @param {(text: string, file?: string) => boolean} take Whether another form has taken the credentials. */
export function divert(take) {
  taken = take;
}

/**
 * Adds the listeners.
 * @param {string[]} clouds
 * @param {(control?: Element) => void} tell Called after every change, with the control that the user has changed.
 */
export function listen(clouds, tell) {
  changed = tell;
  for (const name of clouds) cloud.append(new Option(name));
  for (const name of names) {
    fields[name].addEventListener('input', () => changed(fields[name]));
    fields[name].addEventListener('paste', (event) => take(pasted(event), event, name));
  }
  for (const control of [when, cloud, issuer, audience]) control.addEventListener('input', () => changed(control));
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
    shell: shell(),
    now: Math.floor(Date.now() / 1000),
    atIssue: when.value === 'issued',
  };
}

export function isEmpty() {
  return names.every((name) => fields[name].value.trim() === '');
}

/**
 * Sets all fields. Fields without a text become empty.
 * @param {Partial<Record<Field, string>>} texts
 */
export function fill(texts) {
  for (const name of names) fields[name].value = texts[name] ?? '';
  [issuer.value, audience.value, when.value] = ['', '', 'now'];
  changed();
}

/** Checks the token for the time at which it was issued. */
export function checkAtIssue() {
  when.value = 'issued';
  changed();
}

/** Shows beside each field the kind of its text while the component is not there yet. */
export function describeEarly() {
  for (const field of names) {
    const kind = recognise(fields[field].value);
    show(field, kind === 'token' ? 'ID token' : kind === 'error' ? 'error or log' : kind);
  }
  byId('clear').hidden = isEmpty();
}

/**
 * Shows beside each field what it contains, and the assumed issuer and audience of a subject.
 * @param {Answer} answer
 * @param {Map<string, string>} titles Names of the platforms, for people.
 */
export function describe(answer, titles) {
  const { inspection, credentials, keys, explanations, expected, pasted } = answer;
  const kind = answer.kind && { token: 'ID token', claims: 'claims', subject: 'subject' }[answer.kind];
  const platform = inspection?.ok?.platform;
  const of = platform ? `, ${titles.get(platform) ?? platform}` : '';
  const without = pasted ? ` without ${pasted.around.join(', ')}` : '';
  show('presented', answer.isMisplaced ? 'error or log' : kind && (inspection?.fault ? 'not a token' : `${kind}${without}${of}`));
  show('credentials', counted(credentials, credentials?.ok?.length, 'credential'));
  show('keys', counted(keys, keys?.ok, 'key'));
  show('error', given().error.trim() && explanations?.ok && (explanations.ok.map(name).join(', ') || 'no known error'));
  byId('clear').hidden = isEmpty();
  byId('expected').hidden = !expected;
  if (!expected) [issuer.value, audience.value] = ['', ''];
  issuer.placeholder = expected?.issuer || 'https://…';
  audience.placeholder = expected?.audience || 'the cloud’s audience';
}

/**
 * Moves a pasted text to its field. Moves only text that replaces a whole field, not corrections.
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
  // A text without any other form stays where it was pasted. But a log is no token.
  const isUnsure = kind === 'subject' || (kind === 'error' && into !== 'presented' && !hasCode(text));
  if (target && (field === into || isUnsure || !isWhole)) return;
  event.preventDefault();
  if (!into && kind === 'credentials' && taken(text)) return;
  put(field, text);
  fields[field].focus();
}

/**
 * @param {Field} field
 * @param {string} text
 */
function put(field, text) {
  fields[field].value = text.slice(0, MAX_TEXT);
  spoken(`Recognised and put into: ${fields[field].labels[0].textContent}.`);
  changed(fields[field]);
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
    texts.forEach((one, index) => {
      const kind = recognise(one);
      if (kind && !(kind === 'credentials' && taken(one, files[index]?.name))) put(fieldOf(kind), one);
    });
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
