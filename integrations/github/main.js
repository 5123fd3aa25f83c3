// The action's step: installs azure-oidc once for each runner, then runs `exchange`. The program itself
// gets the ID token from GitHub, masks the access token and writes the outputs.
"use strict";
const { spawnSync } = require("node:child_process");
const { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { delimiter, join } = require("node:path");

const CLOUDS = { azurecloud: "public", azureusgovernment: "usgov", azurechinacloud: "china" };
const windows = process.platform === "win32";

/** The value of an input; empty if the workflow gives none. */
const input = (name) => (process.env[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`] ?? "").trim();

/** Ends the step with an annotation: what happened, and one thing to do. */
function fail(message) {
  console.log(`::error title=azure-oidc::${message.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")}`);
  process.exit(1);
}

/** Appends a line to one of the runner's files, if the runner has it. */
function tell(file, line) {
  if (process.env[file]) appendFileSync(process.env[file], `${line}\n`);
}

/** The folder of the program. It is kept in the runner's cache of tools, as `setup-*` actions keep theirs. */
function installed(version) {
  const cache = process.env.RUNNER_TOOL_CACHE || join(process.env.RUNNER_TEMP || ".", "azure-oidc-tools");
  const folder = join(cache, "azure-oidc", version, process.arch);
  const complete = `${folder}.complete`;
  const strict = input("require-signature") === "true";
  if (existsSync(complete) && !strict) return folder;
  const root = join(__dirname, "..", "..");
  const [program, ...words] = windows
    ? ["pwsh", "-NoProfile", "-NonInteractive", "-File", join(root, "install.ps1"), "-Version", version, "-Dir", folder]
    : ["sh", join(root, "install.sh"), "--version", version, "--dir", folder];
  if (strict) words.push(windows ? "-RequireSignature" : "--require-signature");
  const ran = spawnSync(program, words, { stdio: "inherit" });
  if (ran.error) fail(`${program} cannot be started: ${ran.error.message}`);
  if (ran.status !== 0) fail("azure-oidc could not be installed; the lines above say why");
  writeFileSync(complete, "");
  return folder;
}

const version = input("version").replace(/^v/, "");
if (!/^\d[\w.+-]*$/.test(version)) fail(`the input version is \`${version}\`; give one such as 0.1.0`);
const publish = input("publish") || "token";
const cloud = CLOUDS[(input("environment") || "azurecloud").toLowerCase()];
if (!cloud) fail(`the input environment is \`${input("environment")}\`; give ${Object.keys(CLOUDS).join(", ")}`);

const words = ["exchange", "--publish", publish];
if (cloud !== "public") words.push("--cloud", cloud);
for (const name of ["client-id", "tenant-id", "audience", "scope"]) {
  if (input(name)) words.push(`--${name}`, input(name));
}
const env = { ...process.env };
if (input("subscription-id")) env.AZURE_SUBSCRIPTION_ID = input("subscription-id");

const folder = installed(version);
tell("GITHUB_PATH", folder);
env.PATH = `${folder}${delimiter}${process.env.PATH}`;
let kept;
if (publish !== "token") {
  // In a folder of its own, that only this user may enter. post.js removes it.
  kept = mkdtempSync(join(process.env.RUNNER_TEMP || ".", "azure-oidc-"));
  tell("GITHUB_STATE", `folder=${kept}`);
  words.push("--id-token-output", join(kept, "id-token"));
}
const ran = spawnSync(join(folder, windows ? "azure-oidc.exe" : "azure-oidc"), words, { stdio: "inherit", env });
if (ran.error || ran.status !== 0) {
  if (kept) rmSync(kept, { recursive: true, force: true });
  fail(ran.error ? `azure-oidc cannot be started: ${ran.error.message}` : "no sign-in; the lines above say why and what to do");
}
