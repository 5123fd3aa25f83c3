// Answers questions to the typed functions of the package in examples/node: one a line on stdin, one answer a line on stdout, both
// JSON. Names have `_`; times become BigInt.
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
  console.log(JSON.stringify(answered(call, args.map(spoken)), (_, value) => (typeof value === 'bigint' ? Number(value) : value)));
}

function answered(call, args) {
  try {
    return { ok: call(...args) };
  } catch (error) {
    if (!('payload' in error)) throw error;
    return { err: error.payload };
  }
}

/** As JavaScript names it: `authority_host` as `authorityHost`. */
function spoken(value) {
  if (Array.isArray(value)) return value.map(spoken);
  if (value === null || typeof value !== 'object') return value ?? undefined;
  const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [camel(name), name === 'now' ? BigInt(inner) : spoken(inner)]));
}
