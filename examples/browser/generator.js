// The form that writes the credentials of a pipeline, for several tools.

import { result, unsigned } from './ask.js';
import { h, icon, prose } from './view/dom.js';
import { keepingFocus } from './view/focus.js';
import { choice, faultBox, fields, inFormat, noteList } from './view/remedy.js';
import { wordOf } from './words.js';

/** @typedef {import('./component.js').Claims} Claims */
/** @typedef {import('./interfaces/azure-oidc-federation-claims.js').Platform} Platform */

const FORMATS = [
  ['az', 'Azure CLI'],
  ['terraform', 'Terraform'],
  ['bicep', 'Bicep'],
  ['', 'Portal'],
  ['graph', 'Graph'],
  ['az-identity', 'CLI, identity'],
  ['arm', 'ARM'],
  ['terraform-json', 'Terraform JSON'],
];

/**
 * @param {HTMLElement} panel
 * @param {Claims} claims
 * @param {string[]} clouds
 * @returns The form: `suggest` chooses a platform as long as the form is empty, `platformOf` names the platform of an issuer, and
 * `write` writes the credentials again.
 */
export function generator(panel, claims, clouds) {
  const platforms = claims.platforms();
  const select = /** @type {HTMLSelectElement} */ (
    h(
      'select',
      { id: 'platform', change: () => choose() },
      platforms.map((one) => h('option', { value: one.name }, one.title)),
    )
  );
  const form = h('div.parts-form', null);
  const output = h('section.answer', { 'aria-label': 'Credentials', id: 'written' });
  panel.replaceChildren(
    h(
      'div.columns',
      null,
      h(
        'section.inputs',
        { 'aria-labelledby': 'write-title' },
        h('h2', { id: 'write-title' }, 'Your pipeline'),
        h(
          'p.lead',
          null,
          'Fill in what your platform’s console shows. The credentials are written as you type, for the tool that you choose.',
        ),
        h('div.field', null, h('div.label', null, h('label', { for: 'platform' }, 'CI platform')), select),
        form,
      ),
      output,
    ),
  );
  choose();
  return { suggest, platformOf, write: () => keepingFocus(output, write) };

  /** @param {string | undefined} name */
  function suggest(name) {
    const isUsed = Array.from(form.querySelectorAll('input, textarea')).some(
      (one) => 'value' in one && one.id !== 'flexible' && one.value,
    );
    if (isUsed || name === undefined || name === select.value || !platforms.some((one) => one.name === name)) return;
    select.value = name;
    choose();
  }

  /** @param {string} issuer */
  function platformOf(issuer) {
    return result(() => claims.inspect(unsigned(JSON.stringify({ iss: issuer, sub: 'x' })))).ok?.platform;
  }

  function choose() {
    const platform = /** @type {Platform} */ (platforms.find((one) => one.name === select.value));
    form.replaceChildren(
      ...platform.parts.map((part) =>
        field(`part-${part.name}`, wordOf(platform.name, part.name) ?? part.name, part.meaning, {
          placeholder: part.example,
          required: part.required,
          many: part.repeatable,
        }),
      ),
      ...(platform.parts.length
        ? []
        : [
            field('write-issuer', 'Issuer', 'the issuer, exactly as in the tokens', {
              placeholder: 'https://ci.example.com',
              required: true,
            }),
            field('write-subject', 'Subject identifier', 'the subject, exactly as in the tokens', {
              placeholder: 'job:deploy',
              required: true,
            }),
          ]),
      field('write-audience', 'Audience', 'the audience; if empty, the platform’s or else the cloud’s', {}),
      field('write-client', 'Application (client) ID', 'the application that gets the credentials', {
        placeholder: '22222222-2222-4222-8222-222222222222',
      }),
      h(
        'div.options',
        null,
        h(
          'div',
          null,
          h('label', { for: 'write-cloud' }, 'Azure cloud'),
          h(
            'select',
            { id: 'write-cloud', change: write },
            clouds.map((name) => h('option', null, name)),
          ),
        ),
        platform.flexible &&
          h(
            'label.check',
            null,
            h('input', { type: 'checkbox', id: 'flexible', change: write, autocomplete: 'off' }),
            h('span', null, 'Use expressions instead of exact subjects'),
          ),
      ),
    );
    write();
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {string} meaning
   * @param {{ placeholder?: string, required?: boolean, many?: boolean }} how
   */
  function field(id, name, meaning, { placeholder = '', required = false, many = false }) {
    const attributes = {
      id,
      placeholder,
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: 'false',
      'aria-describedby': `${id}-hint`,
      'aria-required': required && 'true',
      input: write,
    };
    const control = many ? h('textarea', { ...attributes, rows: 1 }) : h('input', attributes);
    return h(
      'div.field.slim',
      null,
      h(
        'div.label',
        null,
        h('label', { for: id }, name),
        h('span.kind', null, [required && 'required', many && 'one per line'].filter(Boolean).join(', ')),
      ),
      control,
      h('p.hint', { id: `${id}-hint` }, prose(meaning)),
    );
  }

  /**
   * Fills in the fewest examples that make a credential: the required parts, and the first others or any pair of them.
   * @param {Platform} platform
   */
  function examples(platform) {
    const needed = platform.parts.filter((part) => part.required);
    const others = platform.parts.filter((part) => !part.required && part.example);
    const isEnough = (/** @type {Platform['parts']} */ more) => {
      const parts = [...needed, ...more].map(({ name, example = '' }) => ({ name, value: example }));
      return !result(() => claims.credential({ platform: platform.name, parts })).fault;
    };
    const firstFew = Array.from({ length: others.length + 1 }, (_, count) => others.slice(0, count));
    const anyFew = others.flatMap((one, index) => others.slice(index + 1).map((other) => [one, other]));
    for (const { name, example = '' } of [...needed, ...([...firstFew, ...anyFew].find(isEnough) ?? others)])
      /** @type {HTMLInputElement} */ (document.getElementById(`part-${name}`)).value = example;
    write();
  }

  function write() {
    const value = (/** @type {string} */ id) =>
      /** @type {HTMLInputElement | null} */ (document.getElementById(id))?.value.trim() || undefined;
    const platform = /** @type {Platform} */ (platforms.find((one) => one.name === select.value));
    const parts = platform.parts.flatMap(({ name }) =>
      (value(`part-${name}`) ?? '')
        .split('\n')
        .map((text) => text.trim())
        .filter(Boolean)
        .map((text) => ({ name, value: text })),
    );
    const request = {
      ...(platform.parts.length && { platform: platform.name, parts }),
      issuer: value('write-issuer'),
      subject: value('write-subject'),
      audience: value('write-audience'),
      clientId: value('write-client'),
      cloud: value('write-cloud'),
      flexible: /** @type {HTMLInputElement | null} */ (document.getElementById('flexible'))?.checked,
    };
    const { ok, fault } = result(() => claims.writeCredentials(request));
    const isEmpty = !parts.length && !request.issuer && !request.subject;
    const missing = platform.parts.filter((part) => part.required && !value(`part-${part.name}`));
    output.replaceChildren(
      isEmpty
        ? h(
            'section.card.empty',
            null,
            h('h2', null, 'No credentials yet'),
            h(
              'p',
              null,
              'Fill in the form',
              platform.parts.some((part) => part.example)
                ? [', or ', h('button.link', { type: 'button', click: () => examples(platform) }, 'start from examples'), '.']
                : '.',
            ),
          )
        : fault
          ? h(
              'section.card.written',
              { 'aria-labelledby': 'written-title' },
              h(
                'header',
                null,
                icon('warning'),
                h('h2', { id: 'written-title' }, missing.length ? 'Something is still missing' : 'No credentials can be written'),
              ),
              missing.length
                ? h(
                    'p',
                    null,
                    'Fill in: ',
                    h('strong', null, missing.map((part) => wordOf(platform.name, part.name) ?? part.name).join(', ')),
                    '.',
                  )
                : faultBox(named(platform, fault)),
            )
          : h(
              'section.card.written',
              { 'aria-labelledby': 'written-title' },
              h('header', null, icon('good'), h('h2', { id: 'written-title' }, 'Credentials to create')),
              choice(
                FORMATS.map(([format, title]) => [
                  format || 'Portal',
                  title,
                  () => (format ? inFormat(claims, { ...request, format }, title) : fields(claims, request)),
                ]),
                'Tool',
              ),
              noteList(ok?.notes ?? []),
            ),
    );
  }
}

/**
 * A fault with the names of the console for the parts that it names.
 * @param {Platform} platform
 * @param {import('./ask.js').Fault} fault
 */
function named(platform, fault) {
  const isPart = (/** @type {string} */ name) => platform.parts.some((part) => part.name === name);
  const say = (/** @type {string} */ text) =>
    text.replace(/`(?:--)?([\w-]+)`/g, (whole, name) => (isPart(name) ? `“${wordOf(platform.name, name) ?? name}”` : whole));
  return { ...fault, message: say(fault.message), hints: fault.hints.map(say) };
}
