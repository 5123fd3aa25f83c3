// Asks the typed functions of the component: a question a line on stdin, an answer a line on stdout, both JSON.
//
// Each question is answered twice: by the component as anybody imports it, with the shims that jco brings for WASI, and by one
// whose every import throws. The offline functions call none, so the answers must be the same.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
const module = (name) => import(pathToFileURL(join(folder, name)));

const { claims: shimmed } = await module('shimmed/azure_oidc.js');
const { claims: alone } = await bare();

for await (const line of createInterface({ input: process.stdin })) {
  const { name, args } = JSON.parse(line, revived);
  const [one, other] = [shimmed, alone].map((claims) => JSON.stringify(asked(claims, name, args), plain));
  if (one !== other) throw new Error(`${name} depends on an import: ${one} and ${other}`);
  console.log(one);
}

function asked(claims, name, args) {
  try {
    return { ok: claims[name](...args) };
  } catch (error) {
    // The fault itself is thrown, or an error with the fault as its payload; anything else is a mistake of ours.
    const fault = error.payload ?? error;
    if (fault instanceof Error) throw fault;
    return { err: fault };
  }
}

/** The component with imports that nobody may call. */
async function bare() {
  const { instantiate } = await module('bare/azure_oidc.js');
  const compiled = async (path) => WebAssembly.compile(await readFile(join(folder, 'bare', path)));
  const refusing = (name) => new Proxy(function () {}, {
    get: (target, key) => (key === 'prototype' || typeof key === 'symbol' ? target[key] : refusing(`${name}.${key}`)),
    apply() { throw new Error(`${name} was called`); },
    construct() { throw new Error(`${name} was made`); },
  });
  const imports = new Proxy({}, { get: (_, name) => refusing(String(name)) });
  return instantiate(compiled, imports);
}

// 64-bit integers are BigInt in JavaScript; a question writes them as {"s64": "..."}, an answer as numbers.
function plain(_key, value) {
  return typeof value === 'bigint' ? Number(value) : value;
}

function revived(_key, value) {
  return value !== null && typeof value === 'object' && 's64' in value ? BigInt(value.s64) : value;
}
