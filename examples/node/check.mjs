// Will Entra accept this token? node check.mjs fics.json, with ID_TOKEN set.
import { readFileSync } from 'node:fs';
import { claims } from 'azure-oidc-example';

const verdict = claims.check({
  token: process.env.ID_TOKEN,
  credentials: readFileSync(process.argv[2], 'utf8'),
  now: BigInt(Math.floor(Date.now() / 1000)),
});
for (const finding of verdict.findings) console.log(`${finding.severity}: ${finding.message}`);
process.exitCode = verdict.outcome === 'match' ? 0 : 1;
