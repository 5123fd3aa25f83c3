// The remedy to paste: the component's command, and the same credential for other tools.

import { result } from '../ask.js';
import { copyButton, copyable } from './copy.js';
import { h, sentence } from './dom.js';
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
  return /^(az|buildkite-agent|circleci|gcloud|gh|glab|kubectl|terraform) [^`]*$/.test(remedy);
}

/**
 * @param {Claims} claims
 * @param {string} command The command for the Azure CLI.
 * @param {CredentialRequest} request The credential, for the other tools.
 */
export function remedies(claims, command, request) {
  /** @type {[string, string, () => HTMLElement][]} */
  const choices = [['az', 'Azure CLI', () => copyable(command, 'the command')]];
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
  const { ok, fault } = result(() => claims.credential(request));
  return ok === undefined ? faultBox(fault) : copyable(ok.trimEnd(), `the ${title} text`);
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
