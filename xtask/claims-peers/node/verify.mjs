// Verifies an RS256 signature repeatedly with jose: verify.mjs FOLDER. Uses the protocol of xtask/claims.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { compactVerify, importJWK } from 'jose';

const [folder] = process.argv.slice(2);
const [jws, jwks] = await Promise.all(['jws', 'jwks'].map((name) => readFile(join(folder, name), 'utf8')));
// The key is parsed once, which makes this program faster.
const key = await importJWK(JSON.parse(jwks).keys[0], 'RS256');
await compactVerify(jws, key, { algorithms: ['RS256'] });

for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line);
  const start = process.hrtime.bigint();
  for (let done = 0; done < count; done += 1) await compactVerify(jws, key, { algorithms: ['RS256'] });
  console.log(String(process.hrtime.bigint() - start));
}
