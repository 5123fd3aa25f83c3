// Finds the token in a text that has more around it: quotes, line breaks, `Bearer`, the name of a variable, or JSON.

/** @typedef {{ token: string, around: string[] }} Unwrapped The token, and the names of what was around it. */

const TOKEN = /^ey[\w-]*\.[\w-]+\.[\w-]*$/;
const BEARER = /^(?:authorization\s*:\s*)?bearer\s+([^]+)$/i;
const NAME = /^(?:export\s+|set\s+|\$env:|\$|- )?["']?[\w.-]+["']?\s*[=:]\s*(["'`]?(?:bearer\s+)?ey[^]+)$/i;
const BLANKS = ' \t\r\n\f\v\u00a0\ufeff\u200b\u200c\u200d\u2060';
const QUOTES = '"\'`\u201c\u201d\u2018\u2019';
/** Wrappings can be inside each other, such as JSON in quotes in a variable. Deeper than this is no accident. */
const MAX_DEPTH = 8;

/**
 * What can be around a token. Each has a function that returns the text without it, or undefined.
 * @type {[name: string, without: (text: string) => string | undefined][]}
 */
const WRAPPINGS = [
  ['JSON', ofJson],
  ['quotes', (text) => (QUOTES.includes(text[0]) ? withoutQuotes(text) : undefined)],
  ['Bearer', (text) => BEARER.exec(text)?.[1]],
  ['the name of a variable', (text) => NAME.exec(text)?.[1]],
  ['quotes', (text) => (withoutQuotes(text) === text ? undefined : withoutQuotes(text))],
  ['line breaks', (text) => (/\s/.test(text) ? text.replace(/[\s\\]+/g, '') : undefined)],
];
/** The members in which services hand out a token. */
const MEMBERS = ['value', 'oidcToken', 'id_token', 'idToken', 'oidc_token', 'token', 'data', 'jwt', 'access_token'];

/**
 * @param {string} text
 * @returns {Unwrapped | undefined} Undefined if the text is not a token with something around it.
 */
export function unwrapped(text) {
  /** @type {Set<string>} */
  const around = new Set();
  let rest = trimmed(text, BLANKS);
  for (let depth = 0; depth < MAX_DEPTH && rest !== ''; depth++) {
    if (TOKEN.test(rest)) return { token: rest, around: [...around] };
    const found = WRAPPINGS.find(([, without]) => without(rest) !== undefined);
    if (!found) return undefined;
    around.add(found[0]);
    rest = trimmed(found[1](rest) ?? '', BLANKS);
  }
  return undefined;
}

/**
 * The token in a JSON object, which may be cut off.
 * @param {string} text
 */
function ofJson(text) {
  if (!text.startsWith('{')) return undefined;
  for (const name of MEMBERS) {
    const found = new RegExp(`"${name}"\\s*:\\s*"((?:bearer\\s+)?ey[^"]*)`, 'i').exec(text);
    if (found) return found[1].replaceAll(/\\[nr]/g, '');
  }
  return undefined;
}

/** @param {string} text */
function withoutQuotes(text) {
  return trimmed(text.replace(/[,;]$/, ''), QUOTES);
}

/**
 * Without these characters at its ends.
 * @param {string} text
 * @param {string} characters
 */
function trimmed(text, characters) {
  let start = 0;
  let end = text.length;
  while (start < end && characters.includes(text[start])) start++;
  while (end > start && characters.includes(text[end - 1])) end--;
  return text.slice(start, end);
}
