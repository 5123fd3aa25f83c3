// Generates JavaScript and types for the component, as `jco transpile` does: npm run build -- azure_oidc.wasm
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transpile } from '@bytecodealliance/jco-transpile';

const [component] = process.argv.slice(2);
if (!component) throw new Error('usage: npm run build -- azure_oidc.wasm');
const dist = fileURLToPath(new URL('dist', import.meta.url));

await rm(dist, { recursive: true, force: true });
const { files } = await transpile(component, { name: 'azure_oidc', outDir: dist, emitTypescriptDeclarations: true, noComponentErrorWrapping: false });
// The component's digest, for comparison with the file that other hosts run.
const sha256 = createHash('sha256').update(await readFile(component)).digest('hex');
for (const [path, contents] of Object.entries({ ...files, [join(dist, 'component.json')]: `${JSON.stringify({ sha256 })}\n` })) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}
