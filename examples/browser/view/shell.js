// The shell that commands are written for. One choice for the whole page, offered at each command.

import { h } from './dom.js';

/** @typedef {'bash' | 'powershell'} Shell */

/** @type {[Shell, string][]} */
const SHELLS = [
  ['bash', 'bash'],
  ['powershell', 'PowerShell'],
];

/** @type {Shell} */
let chosen = /^win/i.test(/** @type {any} */ (navigator).userAgentData?.platform ?? navigator.platform) ? 'powershell' : 'bash';
/** @type {(() => void)[]} */
const listeners = [];
let count = 0;

export const shell = () => chosen;

/** @param {() => void} listener Called after the choice has changed. */
export function onShell(listener) {
  listeners.push(listener);
}

/** The control that chooses the shell, for the corner of a command. */
export function shellSwitch() {
  const name = `shell-${count++}`;
  return h(
    'fieldset.switch.shell',
    null,
    h('legend.sr', null, 'Shell'),
    SHELLS.map(([value, title]) =>
      h(
        'label',
        null,
        h('input', { type: 'radio', name, value, checked: value === chosen, autocomplete: 'off', change: () => choose(value) }),
        h('span', null, title),
      ),
    ),
  );
}

/** @param {Shell} value */
function choose(value) {
  chosen = value;
  for (const listener of listeners) listener();
}
