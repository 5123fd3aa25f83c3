// Creates elements. Text is always set as text, so pasted text cannot become markup.

/**
 * @template {HTMLElement} T
 * @param {string} id
 */
export const byId = (id) => /** @type {T} */ (document.getElementById(id));

/** @typedef {Node | string | null | undefined | false | Child[]} Child */

/**
 * @param {string} selector A tag with classes, such as `p.lead`.
 * @param {Record<string, unknown> | null} [attributes] Functions are listeners; `true` is an attribute without a value; false and undefined are left out.
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(selector, attributes, ...children) {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === 'function') element.addEventListener(name, /** @type {EventListener} */ (value));
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Child[]} children
 */
function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child) element.append(child);
  }
}

/** @type {Record<string, string>} */
const PATHS = {
  good: 'M3.5 8.5l3 3 6-7',
  bad: 'M4 4l8 8M12 4l-8 8',
  warning: 'M8 3.5v6M8 12v.6',
  info: 'M8 7v5.5M8 3.6v.6',
};

/**
 * An icon beside a text with the same meaning. Screen readers skip it.
 * @param {'good' | 'bad' | 'warning' | 'info'} name
 */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', `icon ${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/**
 * Text of the component, in which backticks mark code.
 * @param {string} text
 * @returns {Child[]}
 */
export function prose(text) {
  return text.split('`').map((piece, index) => (index % 2 ? h('code', null, piece) : piece));
}

/**
 * A message of the component as a sentence: with a capital letter and a full stop.
 * @param {string} text
 */
export function sentence(text) {
  return opening(`${text}${/[.!?:]$/.test(text) ? '' : '.'}`);
}

/**
 * The beginning of a sentence: with a capital letter.
 * @param {string} text
 */
export function opening(text) {
  return prose(`${text.charAt(0).toUpperCase()}${text.slice(1)}`);
}

/** @param {number} aadsts */
export function code(aadsts) {
  return `AADSTS${aadsts}`;
}
