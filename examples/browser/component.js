// Loads azure_oidc.wasm, checks its digest, and calls its offline functions without any permission.

import { instantiate } from './azure_oidc.js';
import { digest as wanted, modules } from './built.js';

/** @typedef {import('./azure_oidc.js').Root['claims']} Claims */
/** @typedef {Record<string, [offset: number, length: number]>} Places */

/**
 * @typedef {object} Component
 * @property {Claims} claims The offline functions, which are synchronous. They throw a `Fault` for wrong input.
 * @property {string} digest SHA-256 of the file, in hexadecimal.
 * @property {number} size In bytes.
 */

/**
 * @param {Uint8Array<ArrayBuffer>} bytes The file `azure_oidc.wasm`.
 * @returns {Promise<Component>}
 */
export async function load(bytes) {
  const digest = await sha256(bytes);
  if (digest !== wanted) throw new Error(`azure_oidc.wasm is not the version that this page was built for: SHA-256 ${digest}`);
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

  /** Core modules are embedded in the component unchanged, so they are compiled from its bytes. */
  async function compile(/** @type {[string, [number, number]]} */ [name, [offset, length]]) {
    return /** @type {const} */ ([name, await WebAssembly.compile(bytes.subarray(offset, offset + length))]);
  }
}

/**
 * The component's fault, or undefined if something else was thrown.
 * @param {any} error
 * @returns {import('./interfaces/azure-oidc-federation-types.js').Fault | undefined}
 */
function faultOf(error) {
  const fault = error?.payload ?? error;
  return fault && typeof fault.code === 'string' && Array.isArray(fault.hints) ? fault : undefined;
}

/**
 * The imports of the component. They must exist to link it, but they throw when they are called.
 *
 * jco's direct bindings call each name once, with the memory to use, to get the function.
 */
const nothing = /** @type {any} */ (new Proxy({}, { get: (_, name) => refusing(String(name)) }));

/**
 * @param {string} name
 * @returns {any}
 */
function refusing(name) {
  const refuse = () => {
    throw new Error(`the component called ${name}, which is not allowed`);
  };
  return new Proxy(() => refuse, { get: (_, key) => refusing(`${name}.${String(key)}`) });
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
