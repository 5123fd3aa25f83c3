// The form that writes the credentials of a pipeline, for several tools.

import { result } from './ask.js';
import { h, icon, prose } from './view/dom.js';
import { choice, faultBox, fields, inFormat } from './view/remedy.js';

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
        h('p.lead', null, 'Describe the pipeline. The page writes the credentials that it needs, for the tool that you choose.'),
        h('div.field', null, h('div.label', null, h('label', { for: 'platform' }, 'CI platform')), select),
        form,
      ),
      output,
    ),
  );
  choose();

  function choose() {
    const platform = /** @type {Platform} */ (platforms.find((one) => one.name === select.value));
    form.replaceChildren(
      ...platform.parts.map((part) =>
        field(`part-${part.name}`, part.name, part.meaning, {
          placeholder: part.example,
          required: part.required,
          many: part.repeatable,
        }),
      ),
      ...(platform.parts.length
        ? []
        : [
            field('write-issuer', 'issuer', 'the issuer, exactly as in the tokens', {
              placeholder: 'https://ci.example.com',
              required: true,
            }),
            field('write-subject', 'subject', 'the subject, exactly as in the tokens', {
              placeholder: 'job:deploy',
              required: true,
            }),
          ]),
      field('write-audience', 'audience', 'the audience; if empty, the platform’s or else the cloud’s', {}),
      field('write-client', 'client-id', 'the application that gets the credentials', { placeholder: '22222222-2222-4222-8222-222222222222' }),
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
        h('label', { for: id }, name.replaceAll('-', ' ')),
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
    const { fault } = result(() => claims.credential(request));
    const isEmpty = !parts.length && !request.issuer && !request.subject;
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
              h('header', null, icon('warning'), h('h2', { id: 'written-title' }, 'No credentials can be written')),
              faultBox(fault),
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
            ),
    );
  }
}
