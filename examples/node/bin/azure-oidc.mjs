#!/usr/bin/env node
// The command line. `jco run` gives the component all variables; this program gives it only those that --show names.
import { _setArgs, _setEnv } from '@bytecodealliance/preview2-shim/cli';

const args = process.argv.slice(2);
const shown = {};
while (args[0] === '--show') {
  const [, name] = args.splice(0, 2);
  if (name in process.env) shown[name] = process.env[name];
}
_setArgs(['azure-oidc', ...args]);
_setEnv(shown);

const { run } = await import('../dist/azure_oidc.js');
try {
  run.run();
} catch (error) {
  // `wasi:cli/run` reports only success or failure. The message is already printed.
  if (!('payload' in error)) throw error;
  process.exitCode = 1;
}
