// Calls the typed functions of the package in examples/node: reads one call in each line of stdin and prints one answer in each line of
// stdout, both as JSON. Names have `_`; times become BigInt.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder] = process.argv.slice(2);
const exports = await import(pathToFileURL(join(folder, 'dist/azure_oidc.js')));
const made = JSON.parse(readFileSync(join(folder, 'dist/component.json'), 'utf8'));
const { version } = JSON.parse(readFileSync(join(folder, 'node_modules/@bytecodealliance/jco-transpile/package.json'), 'utf8'));
console.log(JSON.stringify({ ...made, version: `${process.versions.node}, jco-transpile ${version}` }));

for await (const line of createInterface({ input: process.stdin })) {
  const { function: name, arguments: args } = JSON.parse(line);
  const call = name === 'exchange' ? exports.exchange.exchange : exports.claims[name];
  console.log(JSON.stringify(answer(call, args.map(camelCased)), (_, value) => (typeof value === 'bigint' ? Number(value) : value)));
}

function answer(call, args) {
  try {
    return { ok: call(...args) };
  } catch (error) {
    if (!('payload' in error)) throw error;
    return { err: error.payload };
  }
}

/** Converts names to those of JavaScript: `authority_host` to `authorityHost`. */
function camelCased(value) {
  if (Array.isArray(value)) return value.map(camelCased);
  if (value === null || typeof value !== 'object') return value ?? undefined;
  const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [camel(name), name === 'now' ? BigInt(inner) : camelCased(inner)]));
}
