// Calls the offline functions of azure_oidc.wasm without any permission: at first those in its first part, then, when the digest
// of the whole has been checked, all.

import { instantiate } from './azure_oidc.js';
import { core, digest as wanted, first, firstDigest, size } from './built.js';

/** @typedef {import('./azure_oidc.js').Root['claims']} Claims */
/** @typedef {import('./interfaces/azure-oidc-federation-types.js').Fault} Fault */

/**
 * @typedef {object} Component
 * @property {Claims} claims The offline functions, which are synchronous. They throw a `Fault` for wrong input.
 * @property {string} digest SHA-256 of the file, in hexadecimal.
 * @property {number} size In bytes.
 */

/** The code of the fault for a question that the first part cannot answer. */
export const STILL_LOADING = 'still-loading';

/**
 * The functions in the first part. Where a question needs another function, they throw the fault `still-loading`.
 * @param {Uint8Array<ArrayBuffer>} begun The first part, or more.
 */
export async function early(begun) {
  /** @type {Fault} */
  const fault = {
    code: STILL_LOADING,
    message: 'The part of the component that answers this is still loading. The answer follows',
    exitCode: 1,
    hints: [],
    facts: [],
  };
  const part = begun.subarray(0, first);
  await checked(part, firstDigest);
  return { claims: claimsOf(await WebAssembly.compile(part), fault) };
}

/**
 * @param {Uint8Array} parts
 * @returns {Promise<Component>}
 */
export async function load(parts) {
  const bytes = whole(parts.subarray(0, first), parts.subarray(first));
  const digest = await checked(bytes, wanted);
  return { claims: claimsOf(await WebAssembly.compile(bytes.subarray(...core))), digest, size: bytes.length };
}

/**
 * @param {WebAssembly.Module} module
 * @param {Fault} [incomplete] Thrown for a trap, if the module has not all functions.
 * @returns {Claims}
 */
function claimsOf(module, incomplete) {
  const imports = refusing(module);
  const fresh = () =>
    instantiate(
      () => module,
      /** @type {any} */ ({}),
      (module) => new WebAssembly.Instance(module, imports),
    ).claims;
  // A trap leaves an instance in an unknown state, so the next call gets a new one.
  /** @type {Claims | undefined} */
  let instance;
  const call =
    (/** @type {string} */ name) =>
    (/** @type {unknown[]} */ ...args) => {
      instance ??= fresh();
      try {
        // @ts-ignore: the name is one of the interface's functions.
        return instance[name](...args);
      } catch (error) {
        const fault = faultOf(error);
        if (!fault) instance = undefined;
        throw fault ?? (error instanceof WebAssembly.RuntimeError ? incomplete : undefined) ?? error;
      }
    };
  return /** @type {any} */ (new Proxy({}, { get: (_, name) => call(String(name)) }));
}

/**
 * The component. The second part begins with the number of steps, and with the numbers of each step: how many bytes to take from it,
 * to skip in the first part, and to take from that.
 * @param {Uint8Array} begun
 * @param {Uint8Array} rest
 */
function whole(begun, rest) {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = rest[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const steps = Array.from({ length: Math.min(number(), rest.length) }, () => [number(), number(), number()]);
  const bytes = new Uint8Array(size);
  let [from, to] = [0, 0];
  const take = (/** @type {Uint8Array} */ piece) => {
    bytes.set(piece.subarray(0, Math.max(0, size - to)), to);
    to = Math.min(size, to + piece.length);
  };
  for (const [own, skipped, copied] of steps) {
    take(rest.subarray(at, at + own));
    at += own;
    from += skipped;
    take(begun.subarray(from, from + copied));
    from += copied;
  }
  take(rest.subarray(at));
  return bytes;
}

/**
 * The component's fault, or undefined if something else was thrown.
 * @param {any} error
 * @returns {Fault | undefined}
 */
function faultOf(error) {
  const fault = error?.payload ?? error;
  return fault && typeof fault.code === 'string' && Array.isArray(fault.hints) ? fault : undefined;
}

/**
 * The imports of the component. They must exist to link it, but they throw when they are called.
 * @param {WebAssembly.Module} module
 */
function refusing(module) {
  /** @type {Record<string, Record<string, () => never>>} */
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => {
      throw new Error(`the component called ${from} ${name}, which is not allowed`);
    };
  }
  return imports;
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} wanted
 */
async function checked(bytes, wanted) {
  const digest = await sha256(bytes);
  if (digest !== wanted) throw new Error(`azure_oidc.wasm is not the version that this page was built for: SHA-256 ${digest}`);
  return digest;
}

/**
 * Browsers support this only in secure contexts: HTTPS and loopback.
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) throw new Error('the browser cannot compute the digest: open this page over HTTPS or from localhost');
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
