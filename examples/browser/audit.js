// The form that audits the credentials of applications and identities, without a token.

import { result } from './ask.js';
import { report } from './view/audit.js';
import { h, prose } from './view/dom.js';
import { keepingFocus } from './view/focus.js';
import { faultBox } from './view/remedy.js';
import { shell } from './view/shell.js';

/** @typedef {import('./component.js').Claims} Claims */
/** @typedef {{ element: HTMLElement, text: HTMLTextAreaElement, file?: string }} Source A field with a list of credentials. */

/** Formats for the new credentials. `az` stands for managed identities too. */
const FORMATS = [
  ['az', 'Azure CLI'],
  ['terraform', 'Terraform'],
  ['bicep', 'Bicep'],
  ['graph', 'Graph'],
  ['arm', 'ARM'],
];

/**
 * @param {HTMLElement} panel
 * @param {Claims} claims
 * @param {string[]} clouds
 * @returns The form: `take` puts a list of credentials into it, `offer` does so if it is empty, and `write` writes the report again.
 */
export function auditor(panel, claims, clouds) {
  /** @type {Source[]} */
  let sources = [];
  const lists = h('div.parts-form', null);
  const replace = control('textarea', 'audit-replace', { rows: 2, placeholder: 'octo-org/octo-repo=octo-org@123/octo-repo@456' });
  const client = control('input', 'audit-client', { placeholder: '22222222-2222-4222-8222-222222222222' });
  const tool = select('audit-format', FORMATS);
  const cloud = select(
    'audit-cloud',
    clouds.map((name) => [name, name]),
  );
  const output = h('section.answer', { 'aria-label': 'Report', id: 'audited' });
  panel.replaceChildren(
    h(
      'div.columns',
      null,
      h(
        'section.inputs',
        { 'aria-labelledby': 'audit-title' },
        h('h2', { id: 'audit-title' }, 'The credentials'),
        h(
          'p.lead',
          null,
          'Paste or drop the list of each application or managed identity, in any form. No token is needed. The report names what can never match, lets in too much, or must be migrated.',
        ),
        h(
          'div.form',
          null,
          lists,
          h('p', null, h('button.link', { type: 'button', click: () => add('').text.focus() }, 'Add the list of another application')),
          labelled(client, 'Application (client) ID', 'the application that owns the credentials, for commands'),
          labelled(replace, 'New values', 'for migrations: `OLD=NEW`, an issuer, a subject or a repository of GitHub', 'one per line'),
          h(
            'div.options',
            null,
            h('div', null, h('label', { for: tool.id }, 'Tool for new credentials'), tool),
            h('div', null, h('label', { for: cloud.id }, 'Azure cloud'), cloud),
          ),
        ),
      ),
      output,
    ),
  );
  add('');
  write();
  return { take, offer, write: () => keepingFocus(output, write) };

  /**
   * Puts a list into the first empty field, or into a new one.
   * @param {string} text
   * @param {string} [file]
   */
  function take(text, file) {
    const source = sources.find((one) => one.text.value.trim() === '') ?? add('');
    source.text.value = text;
    source.file = file;
    write();
    source.text.focus();
  }

  /** @param {string} text The credentials in the other form. */
  function offer(text) {
    if (text.trim() === '' || sources.some((one) => one.text.value.trim() !== '')) return false;
    sources[0].text.value = text;
    write();
    return true;
  }

  /** @param {string} text */
  function add(text) {
    const id = `audit-${sources.length}`;
    const field = control('textarea', id, { rows: 6, placeholder: 'az ad app federated-credential list --id …' });
    field.value = text;
    const title = sources.length ? `Federated identity credentials, list ${sources.length + 1}` : 'Federated identity credentials';
    /** @type {Source} */
    const source = { element: labelled(field, title, ''), text: field };
    sources.push(source);
    lists.append(source.element);
    return source;
  }

  function write() {
    const given = sources.filter((one) => one.text.value.trim() !== '');
    if (!given.length) {
      const command = 'az ad app federated-credential list --id <client id>';
      output.replaceChildren(
        h(
          'section.card.empty',
          null,
          h('h2', null, 'No credentials yet'),
          h('p', null, 'Paste what ', h('code', null, command), ' prints, or the same for a managed identity.'),
        ),
      );
      return;
    }
    const name = (/** @type {Source} */ one) => one.file ?? (given.length > 1 ? `list ${sources.indexOf(one) + 1}` : undefined);
    const lines = replace.value.split('\n').filter((line) => line.trim() !== '');
    const wrong = lines.find((line) => !line.includes('='));
    if (wrong !== undefined) {
      output.replaceChildren(unreadable('A line of “New values” has no `=`', `write ${wrong.trim()}=NEW`));
      return;
    }
    const { ok, fault } = result(() =>
      claims.audit({
        documents: given.map((one) => ({ file: name(one), credentials: one.text.value })),
        replace: lines.map(replacement),
        format: tool.value,
        clientId: client.value.trim() || undefined,
        cloud: cloud.value,
        shell: shell(),
      }),
    );
    const [alone] = given.length > 1 && fault ? given.filter((one) => isWrong(one.text.value)) : [];
    const title = `${alone ? `The credentials of ${name(alone)}` : 'These credentials'} cannot be audited`;
    output.replaceChildren(...(ok ? report(ok, tool.value) : [h('section.card', null, h('h2', null, title), faultBox(fault))]));
  }

  /** @param {string} credentials */
  function isWrong(credentials) {
    return result(() => claims.audit({ documents: [{ credentials }], replace: [] })).fault !== undefined;
  }

  /**
   * @param {string} message
   * @param {string} hint
   */
  function unreadable(message, hint) {
    return h('section.card', null, h('h2', null, 'These credentials cannot be audited'), faultBox({ code: '', message, hints: [hint], exitCode: 2, facts: [] }));
  }

  /**
   * @template {'input' | 'textarea'} Tag
   * @param {Tag} tag
   * @param {string} id
   * @param {Record<string, unknown>} attributes
   */
  function control(tag, id, attributes) {
    const common = { id, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', input: () => write() };
    return /** @type {HTMLElementTagNameMap[Tag]} */ (h(tag, { ...common, ...attributes }));
  }

  /**
   * @param {string} id
   * @param {string[][]} choices
   */
  function select(id, choices) {
    const options = choices.map(([value, title]) => h('option', { value }, title));
    return /** @type {HTMLSelectElement} */ (h('select', { id, change: () => write() }, options));
  }
}

/**
 * @param {HTMLElement} control
 * @param {string} name
 * @param {string} meaning
 * @param {string} [kind]
 */
function labelled(control, name, meaning, kind = '') {
  const hint = `${control.id}-hint`;
  if (meaning) control.setAttribute('aria-describedby', hint);
  return h(
    'div.field.slim',
    null,
    h('div.label', null, h('label', { for: control.id }, name), h('span.kind', null, kind)),
    control,
    meaning !== '' && h('p.hint', { id: hint }, prose(meaning)),
  );
}

/** @param {string} line */
function replacement(line) {
  const at = line.indexOf('=');
  return { old: line.slice(0, at).trim(), new: line.slice(at + 1).trim() };
}
