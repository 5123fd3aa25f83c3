// Recognises the kind of a pasted text by its form. The component reports what is wrong with it.

/** @typedef {'token' | 'claims' | 'subject' | 'credentials' | 'keys' | 'error'} Kind */
/** @typedef {'presented' | 'credentials' | 'keys' | 'error'} Field */

/** Subjects of Bitbucket also begin with a brace, so a brace alone is not JSON. */
const JSON_BEGINS = /^(\{\s*["}]|\[\s*[{\]]|[{[]\s*$)/;

/**
 * @param {string} text
 * @returns {Kind | undefined} Undefined for an empty text.
 */
export function recognise(text) {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (JSON_BEGINS.test(trimmed)) return ofJson(trimmed);
  if (/AADSTS\d/i.test(trimmed) || /^\d{4,8}$/.test(trimmed)) return 'error';
  if (/(^|[\s"'=:])eyJ/.test(trimmed) || /^[\w-]+\.[\w-]+\.[\w-]*$/.test(trimmed)) return 'token';
  return /\n/.test(trimmed) ? 'error' : 'subject';
}

/**
 * The field for a kind of text.
 * @param {Kind} kind
 * @returns {Field}
 */
export function fieldOf(kind) {
  return kind === 'credentials' || kind === 'keys' || kind === 'error' ? kind : 'presented';
}

/**
 * @param {string} text
 * @returns {Kind}
 */
function ofJson(text) {
  const value = parsed(text);
  if (value === undefined) return /AADSTS\d/i.test(text) ? 'error' : /"(iss|sub)"\s*:/.test(text) ? 'claims' : 'credentials';
  if (Array.isArray(value)) return 'credentials';
  if (Array.isArray(value.keys) || 'kty' in value) return 'keys';
  if ('iss' in value || 'sub' in value) return 'claims';
  if ('error_codes' in value || /AADSTS\d/i.test(text)) return 'error';
  return 'credentials';
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
