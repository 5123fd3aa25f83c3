// Recognises the kind of a pasted text by its form. The component reports what is wrong with it.

import { unwrapped } from './pasted.js';

/** @typedef {'token' | 'claims' | 'subject' | 'credentials' | 'keys' | 'error'} Kind */
/** @typedef {'presented' | 'credentials' | 'keys' | 'error'} Field */

/** Subjects of Bitbucket also begin with a brace, so a brace alone is not JSON. */
const JSON_BEGINS = /^(\{\s*["}]|\[\s*[{\]]|[{[]\s*$)/;
/** A code of Entra or of Azure AD B2C, or a number that can be one. */
const CODE = /AAD(STS|B2C)\s*\d|\bSTS\d{5}|^\d{4,8}$/i;
/** Members of an error or of a sign-in record. */
const ERROR_MEMBER =
  /"(error|error_codes?|errorCode|ResultType|resultType|failureReason|level|msg|message)"\s*:|"oidcToken"\s*:\s*null/;
const CREDENTIAL_MEMBER = /"(issuer|subject|claimsMatchingExpression)"\s*:/;
const CLAIM_MEMBER = /"(iss|sub)"\s*:/;
/** Names of errors that are a single word. */
const ERROR_NAME =
  /^(\w*(Failed|Error|Exception|Denied|Forbidden|Unauthorized|NotFound)|Invalid[A-Z]\w+|(invalid|unauthorized|access)_\w+)$/;
/** With these begin the subjects that can have spaces in them. */
const SUBJECT_BEGINS = anyOf(
  '',
  '^(?:repo|repository|repository_owner|organization|org|project|project_path|project_id)[:/]\\S',
  '^(?:account|pulumi|space|pipeline|environment|system|sc|p|spiffe)[:/]\\S',
  '^/eid1/',
);
const SUBJECT_LIKE = /^[a-z_]+:\S/;
/** Words of a log, which a subject hardly has. */
const FAILURE = anyOf(
  'i',
  '\\b(?:errors?|fail(?:ed|ure|s)?|exception|warning|status|exit)\\b',
  "\\b(?:unable|cannot|could|can['’]t|not|no)\\b",
  '\\b(?:denied|refused|unauthori[sz]ed|forbidden|invalid|timed|timeout|expired)\\b',
);
/** Entra allows no longer subject. */
const MAX_SUBJECT = 600;

/**
 * @param {string} text
 * @returns {Kind | undefined} Undefined for an empty text.
 */
export function recognise(text) {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (unwrapped(trimmed)) return 'token';
  if (JSON_BEGINS.test(trimmed)) return ofJson(trimmed);
  if (CODE.test(trimmed)) return 'error';
  if (/"kty"\s*:/.test(trimmed)) return 'keys';
  if (CREDENTIAL_MEMBER.test(trimmed) || isTable(trimmed)) return 'credentials';
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(trimmed) || (/(^|[\s"'=:])eyJ/.test(trimmed) && trimmed.split(/\s+/).length <= 3))
    return 'token';
  return isSubject(trimmed) ? 'subject' : 'error';
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
 * Whether the text is an error for certain. Any text that is nothing else is also taken for an error.
 * @param {string} text
 */
export function hasCode(text) {
  return CODE.test(text.trim());
}

/**
 * @param {string} text
 * @returns {Kind}
 */
function ofJson(text) {
  const value = parsed(text);
  const isError = CODE.test(text) || (ERROR_MEMBER.test(text) && !CREDENTIAL_MEMBER.test(text));
  if (value === undefined) return isError ? 'error' : CLAIM_MEMBER.test(text) ? 'claims' : 'credentials';
  if (Array.isArray(value)) return isError ? 'error' : 'credentials';
  if (Array.isArray(value.keys) || 'kty' in value) return 'keys';
  if ('iss' in value || 'sub' in value) return 'claims';
  if (isError) return 'error';
  return CLAIM_MEMBER.test(text) && !CREDENTIAL_MEMBER.test(text) ? 'claims' : 'credentials';
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether the text lists credentials as a table, in YAML, Terraform or Bicep.
 * @param {string} text
 */
function isTable(text) {
  const lines = text.split('\n').map((line) => line.trim());
  const isHeading = (/** @type {string} */ line) => /\bIssuer\b/.test(line) && /\bSubject\b/.test(line);
  if (lines.some((line, index) => isHeading(line) && /^[\s-]{6,}$/.test(lines[index + 1] ?? ''))) return true;
  const members = lines.map((line) => /^(?:- )?(issuer|subject|audience)s?\s*[:=]/.exec(line)?.[1]);
  return new Set(members.filter((name) => name !== undefined)).size >= 2;
}

/**
 * Whether a text without any other form can be a subject. A line of a log is none.
 * @param {string} text
 */
function isSubject(text) {
  if (text.includes('\n') || text.length > MAX_SUBJECT || ERROR_NAME.test(text)) return false;
  return !/\s/.test(text) || SUBJECT_BEGINS.test(text) || (SUBJECT_LIKE.test(text) && !FAILURE.test(text));
}

/**
 * @param {string} flags
 * @param {...string} patterns
 */
function anyOf(flags, ...patterns) {
  return new RegExp(patterns.join('|'), flags);
}
