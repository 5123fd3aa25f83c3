// Loads azure_oidc.wasm, finds out which bytes it is, and runs its offline functions with nothing granted.

import { instantiate } from './azure_oidc.js';
import { digest as wanted, modules } from './built.js';

/** @typedef {import('./azure_oidc.js').Root['claims']} Claims */
/** @typedef {Record<string, [offset: number, length: number]>} Places */

/**
 * @typedef {object} Component
 * @property {Claims} claims Its offline functions, synchronous. A mistake in the input is thrown as a `Fault`.
 * @property {string} digest SHA-256 of the file, in hexadecimal.
 * @property {number} size In bytes.
 */

/**
 * @param {Uint8Array<ArrayBuffer>} bytes The file `azure_oidc.wasm`, whole.
 * @returns {Promise<Component>}
 */
export async function load(bytes) {
  const digest = await sha256(bytes);
  if (digest !== wanted) throw new Error(`azure_oidc.wasm is another one than this page was made for: SHA-256 ${digest}`);
  const compiled = new Map(await Promise.all(Object.entries(modules).map(compile)));
  // A trap leaves an instance in an unknown state, so the next call gets a new one.
  /** @type {Claims | undefined} */
  let instance;
  const fresh = () => instantiate((path) => /** @type {WebAssembly.Module} */ (compiled.get(path)), nothing).claims;
  const claims = /** @type {Claims} */ (
    new Proxy(
      {},
      {
        get:
          (_, name) =>
          (/** @type {unknown[]} */ ...args) => {
            instance ??= fresh();
            try {
              // @ts-ignore: the name is one of the interface's functions.
              return instance[name](...args);
            } catch (error) {
              const fault = faultOf(error);
              if (!fault) instance = undefined;
              throw fault ?? error;
            }
          },
      },
    )
  );
  return { claims, digest, size: bytes.length };

  /** The core modules lie in the component as they are: these are its own bytes, and no others. */
  async function compile(/** @type {[string, [number, number]]} */ [name, [offset, length]]) {
    return /** @type {const} */ ([name, await WebAssembly.compile(bytes.subarray(offset, offset + length))]);
  }
}

/**
 * What the component says of bad input, or undefined when something else was thrown.
 * @param {any} error
 * @returns {import('./interfaces/azure-oidc-federation-types.js').Fault | undefined}
 */
function faultOf(error) {
  const fault = error?.payload ?? error;
  return fault && typeof fault.code === 'string' && Array.isArray(fault.hints) ? fault : undefined;
}

/**
 * Every import of the component: each is there, for it could not be linked otherwise, and each refuses.
 *
 * jco's direct bindings ask for each function by calling its name once with the memory that it would use.
 */
const nothing = /** @type {any} */ (new Proxy({}, { get: (_, name) => refusing(String(name)) }));

/**
 * @param {string} name
 * @returns {any}
 */
function refusing(name) {
  const refuse = () => {
    throw new Error(`${name} was called, and nothing is granted`);
  };
  return new Proxy(() => refuse, { get: (_, key) => refusing(`${name}.${String(key)}`) });
}

/**
 * Browsers offer this to secure contexts only: HTTPS and loopback.
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) throw new Error('the digest cannot be made here: open this page over HTTPS or from localhost');
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
