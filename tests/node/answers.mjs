// Calls the typed functions of the component: one call in each line of stdin, one answer in each line of stdout, both as JSON.
//
// Each call is made twice: with jco's shims for WASI, and with imports that all throw. The offline functions call no import, so the
// answers must be the same.
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
    // The component throws a fault, or an error with the fault as its payload. Anything else is a defect of the test.
    const fault = error.payload ?? error;
    if (fault instanceof Error) throw fault;
    return { err: fault };
  }
}

/** The component with imports that throw. */
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

// 64-bit integers are BigInt in JavaScript. Calls contain them as {"s64": "..."}, answers as numbers.
function plain(_key, value) {
  return typeof value === 'bigint' ? Number(value) : value;
}

function revived(_key, value) {
  return value !== null && typeof value === 'object' && 's64' in value ? BigInt(value.s64) : value;
}
