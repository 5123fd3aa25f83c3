// The action's clean-up at the end of the job: removes the file with the ID token.
"use strict";
const { rmSync } = require("node:fs");
const { basename } = require("node:path");

const folder = process.env.STATE_folder ?? "";
// Later steps of the job cannot write this state, but nothing else is ever removed.
if (basename(folder).startsWith("azure-oidc-")) rmSync(folder, { recursive: true, force: true });
