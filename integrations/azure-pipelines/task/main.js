// The task's step: installs azure-oidc once for each agent, then runs `exchange` as the service connection
// says. The program itself gets the ID token, masks the access token and publishes it.
"use strict";
const { spawnSync } = require("node:child_process");
const { existsSync, mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { delimiter, join } = require("node:path");

const { version: is } = require("./task.json");
const version = `${is.Major}.${is.Minor}.${is.Patch}`;
const windows = process.platform === "win32";

/** Properties and messages of a command of the agent, as it decodes them. */
const escaped = (text) =>
  text.replaceAll("%", "%AZP25").replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll("]", "%5D").replaceAll(";", "%3B");
const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] ?? "").trim();

/** Ends the task: what happened, and one thing to do. */
function fail(message) {
  console.log(`##vso[task.complete result=Failed;]${escaped(message)}`);
  process.exit(0);
}

/** A parameter of a service connection. The agent passes them in variables. */
const parameter = (id, name) => (process.env[`ENDPOINT_AUTH_PARAMETER_${id}_${name.toUpperCase()}`] ?? "").trim();

/** The folder of the program, in the agent's cache of tools. */
function installed() {
  const cache = process.env.AGENT_TOOLSDIRECTORY || process.env.AGENT_TEMPDIRECTORY || ".";
  const folder = join(cache, "azure-oidc", version, process.arch);
  if (existsSync(`${folder}.complete`)) return folder;
  // The extension has the installers beside this file, the repository has them at its root.
  const beside = (name) => [join(__dirname, name), join(__dirname, "..", "..", "..", name)].find(existsSync);
  const [program, ...words] = windows
    ? ["powershell", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", beside("install.ps1"), "-Version", version, "-Dir", folder]
    : ["sh", beside("install.sh"), "--version", version, "--dir", folder];
  const ran = spawnSync(program, words, { stdio: "inherit" });
  if (ran.error) fail(`${program} cannot be started: ${ran.error.message}`);
  if (ran.status !== 0) fail("azure-oidc could not be installed; the lines above say why");
  writeFileSync(`${folder}.complete`, "");
  return folder;
}

const connection = input("azureSubscription");
if (!connection) fail("the input azureSubscription is empty; name a service connection");
const scheme = process.env[`ENDPOINT_AUTH_SCHEME_${connection}`] ?? "";
if (scheme && scheme.toLowerCase() !== "workloadidentityfederation") {
  fail(`the service connection signs in by ${scheme}; convert it to workload identity federation in its settings`);
}
const env = {
  ...process.env,
  AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: connection,
  AZURE_TENANT_ID: parameter(connection, "tenantid"),
  AZURE_CLIENT_ID: parameter(connection, "serviceprincipalid"),
  // The job's own access token, which every task gets: no step has to map it.
  SYSTEM_ACCESSTOKEN: parameter("SYSTEMVSSCONNECTION", "accesstoken"),
};
// What a task may read and its child need not.
for (const name of Object.keys(env)) if (name.startsWith("ENDPOINT_") || name.startsWith("SECRET_")) delete env[name];

const publish = input("publish") || "both";
const words = ["exchange", "--platform", "azure-pipelines", "--publish", publish];
if (input("scope")) words.push("--scope", input("scope"));
const folder = installed();
console.log(`##vso[task.prependpath]${escaped(folder)}`);
env.PATH = `${folder}${delimiter}${process.env.PATH}`;
let kept;
if (publish !== "token") {
  // In a folder of its own, that only this user may enter. post.js removes it.
  kept = mkdtempSync(join(process.env.AGENT_TEMPDIRECTORY || ".", "azure-oidc-"));
  console.log(`##vso[task.settaskvariable variable=folder]${escaped(kept)}`);
  words.push("--id-token-output", join(kept, "id-token"));
}
const ran = spawnSync(join(folder, windows ? "azure-oidc.exe" : "azure-oidc"), words, { stdio: "inherit", env });
if (ran.error || ran.status !== 0) {
  if (kept) rmSync(kept, { recursive: true, force: true });
  fail(ran.error ? `azure-oidc cannot be started: ${ran.error.message}` : "no sign-in; the lines above say why and what to do");
}
