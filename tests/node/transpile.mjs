// Generates JavaScript for the component with jco: transpile.mjs COMPONENT FOLDER
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { transpile } from '@bytecodealliance/jco-transpile';

const [component, folder] = process.argv.slice(2);
await write('shimmed', { wasiShim: true });
await write('bare', { instantiation: 'async', wasiShim: false });

async function write(name, options) {
  const { files } = await transpile(component, { name: 'azure_oidc', outDir: join(folder, name), emitTypescriptDeclarations: true, ...options });
  for (const [path, contents] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
}
