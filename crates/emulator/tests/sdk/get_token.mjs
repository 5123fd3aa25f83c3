// Asks @azure/identity for an access token. Reads one JSON object from stdin, prints one to stdout.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages are where the test installed them, not beside this file.
const require = createRequire(`${process.cwd()}/`);
const { ClientAssertionCredential, WorkloadIdentityCredential } = require("@azure/identity");

const wish = JSON.parse(readFileSync(0, "utf8"));
const options = { authorityHost: wish.authority, disableInstanceDiscovery: true, retryOptions: { maxRetries: 0 } };
const credential =
  "token_file" in wish
    ? new WorkloadIdentityCredential({
        tenantId: wish.tenant,
        clientId: wish.client,
        tokenFilePath: wish.token_file,
        ...options,
      })
    : new ClientAssertionCredential(wish.tenant, wish.client, async () => wish.token, options);
try {
  const { token, expiresOnTimestamp } = await credential.getToken(wish.scope);
  console.log(JSON.stringify({ token, expires_on: Math.floor(expiresOnTimestamp / 1000) }));
} catch (error) {
  console.log(JSON.stringify({ refused: error.message }));
}
