// The remedy to paste: the component's command, and the same credential for other tools.

import { result } from '../ask.js';
import { command, copyButton, copyable } from './copy.js';
import { h, icon, opening, sentence } from './dom.js';
import { shell } from './shell.js';
import { tabs } from './tabs.js';

/** @typedef {import('../component.js').Claims} Claims */
/** @typedef {import('../interfaces/azure-oidc-federation-claims.js').CredentialRequest} CredentialRequest */

const FORMATS = [
  ['Terraform', 'terraform'],
  ['Bicep', 'bicep'],
  ['Portal', ''],
];
/** The tool that was chosen last. It stays selected while the user types. */
let chosen = 'az';
let count = 0;

/**
 * Whether a remedy is a command: it begins with the name of a program and contains no backticks, which sentences have.
 * @param {string} remedy
 */
export function isCommand(remedy) {
  return /^(az|buildkite-agent|circleci|gcloud|gh|glab|kubectl|terraform|Set-Content|if \(!\$env:\w+\)) [^`]*$/.test(remedy);
}

/**
 * Whether a command depends on the shell: it uses the Azure CLI, whose arguments are quoted.
 * @param {string} text
 */
export function isAzure(text) {
  return /(^|[ ;])az /.test(text);
}

/**
 * A remedy without a choice of tools: a command, or a sentence, which can end with a command. Further lines are alternatives.
 * @param {string} text
 */
export function step(text) {
  const [first, ...others] = text.split('\n');
  if (!others.length || isCommand(text)) return single(text);
  return [
    single(first),
    h(
      'details.more',
      null,
      h('summary', null, others.length === 1 ? 'Alternative' : 'Alternatives'),
      others.map((line) => single(line.replace(/^as an alternative, /, ''))),
    ),
  ];
}

/**
 * @param {string} text
 * @returns {HTMLElement[]}
 */
function single(text) {
  if (isCommand(text)) return [isAzure(text) ? command(text) : copyable(text, 'the command')];
  const [, words, last = ''] = /^([^]*: )`([^`]+)`$/.exec(text) ?? [];
  return words !== undefined && isCommand(last)
    ? [h('p', null, opening(words.trimEnd())), ...single(last)]
    : [h('p', null, sentence(text))];
}

/**
 * @param {Claims} claims
 * @param {string} text The command for the Azure CLI.
 * @param {CredentialRequest} request The credential, for the other tools.
 */
export function remedies(claims, text, request) {
  /** @type {[string, string, () => HTMLElement][]} */
  const choices = [['az', 'Azure CLI', () => command(text)]];
  for (const [title, format] of FORMATS) {
    choices.push([title, title, () => (format ? inFormat(claims, { ...request, format }, title) : fields(claims, request))]);
  }
  return choice(choices, 'Tool');
}

/**
 * @param {[key: string, title: string, content: () => HTMLElement][]} choices
 * @param {string} label
 */
export function choice(choices, label) {
  const id = `choice-${count++}`;
  const start = Math.max(
    0,
    choices.findIndex(([key]) => key === chosen),
  );
  const panel = h('div.choice-panel', { id, role: 'tabpanel', 'aria-labelledby': `${id}-${start}` }, choices[start][2]());
  const buttons = choices.map(([, title], index) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `${id}-${index}`,
        'aria-controls': id,
        'aria-selected': String(index === start),
        tabindex: index === start ? 0 : -1,
      },
      title,
    ),
  );
  tabs(buttons, (index) => {
    chosen = choices[index][0];
    panel.setAttribute('aria-labelledby', `${id}-${index}`);
    panel.replaceChildren(choices[index][2]());
  });
  return h('div.choice', null, h('div.tabs.small', { role: 'tablist', 'aria-label': label }, buttons), panel);
}

/**
 * @param {Claims} claims
 * @param {CredentialRequest} request
 * @param {string} title
 */
export function inFormat(claims, request, title) {
  const isCli = request.format?.startsWith('az') === true;
  const { ok, fault } = result(() => claims.credential({ ...request, ...(isCli && { shell: shell() }) }));
  if (ok === undefined) return faultBox(fault);
  return isCli ? command(ok.trimEnd(), `the ${title} text`) : copyable(ok.trimEnd(), `the ${title} text`);
}

/**
 * The values for the fields of the portal's form.
 * @param {Claims} claims
 * @param {CredentialRequest} request
 */
export function fields(claims, request) {
  const { ok, fault } = result(() => claims.credential({ ...request, format: 'graph' }));
  if (ok === undefined) return faultBox(fault);
  return h(
    'div.portal',
    null,
    h(
      'p.hint',
      null,
      request.identityName === undefined
        ? 'App registration → Certificates & secrets → Federated credentials → Add credential, scenario “Other issuer”'
        : 'Managed identity → Federated credentials → Add credential, scenario “Other”',
    ),
    [JSON.parse(ok)].flat().map((credential) =>
      h(
        'dl.fields',
        null,
        [
          ['Issuer', credential.issuer],
          ['Value', credential.subject ?? credential.claimsMatchingExpression?.value],
          ['Name', credential.name],
          ['Audience', credential.audiences[0]],
        ].map(([name, value]) =>
          h(
            'div',
            null,
            h('dt', null, name),
            h('dd', null, h('code', null, value), copyButton(value, `${name} of ${credential.name}`)),
          ),
        ),
      ),
    ),
  );
}

/**
 * The component's notes, of which each begins with `note:` or `warning:`.
 * @param {string[]} notes
 */
export function noteList(notes) {
  return notes.map((note) => {
    const [, kind = 'note', text = note] = /^(note|warning): ([^]*)$/.exec(note) ?? [];
    return h('p.note', null, icon(kind === 'warning' ? 'warning' : 'info'), h('span', null, sentence(text)));
  });
}

/** @param {import('../ask.js').Fault} fault */
export function faultBox(fault) {
  return h(
    'div.fault',
    null,
    h('p', null, sentence(fault.message)),
    fault.hints.length > 0 &&
      h(
        'ul',
        null,
        fault.hints.map((hint) => h('li', null, sentence(hint))),
      ),
  );
}
