// Builds the page: build.mjs COMPONENT FOLDER, with the packages of package.json in AZURE_OIDC_WEB_MODULES.
//
// The component is served unchanged. jco's JavaScript needs core modules that are embedded in it, so the page takes them from
// the file whose digest it has checked. Nothing is shipped twice.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const SOURCE = join(dirname(fileURLToPath(import.meta.url)), '..');
const CLAIMS = join(SOURCE, '../../crates/emulator/src/claims');
const [componentPath, folder] = process.argv.slice(2);

const packages = createRequire(
  resolve(process.env.AZURE_OIDC_WEB_MODULES ?? dirname(fileURLToPath(import.meta.url)), 'package.json'),
);
const { transpile } = await imported('@bytecodealliance/jco-transpile');
const { minify } = await imported('oxc-minify');

const component = await readFile(componentPath);
/** @type {Map<string, Uint8Array | string>} */
const page = new Map([['azure_oidc.wasm', component]]);
/** @type {Map<string, Uint8Array>} Types, for checking the sources. They are not part of the page. */
const types = new Map();

await addGlue();
await addSources();
page.set('samples.json', JSON.stringify(await samples()));
preload();
await write();
report();

/** Adds the JavaScript that runs the component, and the positions of the core modules in it. */
async function addGlue() {
  const { files } = await transpile(componentPath, {
    name: 'azure_oidc',
    outDir: '',
    instantiation: 'sync',
    importBindings: 'direct-optimized',
    wasiShim: false,
    nodejsCompat: false,
    tlaCompat: false,
    emitTypescriptDeclarations: true,
  });
  const modules = {};
  for (const [path, contents] of Object.entries(files)) {
    const name = path.replace(/^\/+/, '');
    if (name.endsWith('.d.ts')) types.set(name, contents);
    else if (name.endsWith('.js')) page.set(name, await shortened(name, lean(Buffer.from(contents).toString())));
    else {
      const offset = component.indexOf(contents);
      if (offset < 0) throw new Error(`${name} is not in the component unchanged: the transpiler has modified it`);
      modules[name] = [offset, contents.length];
    }
  }
  const digest = createHash('sha256').update(component).digest('hex');
  const built = { digest, size: component.length, modules };
  page.set(
    'built.js',
    Object.entries(built)
      .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`)
      .join(''),
  );
  const declared =
    'export const digest: string;\nexport const size: number;\nexport const modules: Record<string, [number, number]>;\n';
  types.set('built.d.ts', Buffer.from(declared));
}

/**
 * With `direct-optimized` this release of jco binds every import twice: directly, and with promises through functions that it
 * does not emit. Such a module cannot be loaded, so the second bindings are removed.
 */
function lean(glue) {
  const direct = glue.replace(/^  let (trampoline\d+) = _\1\.manuallyAsync[^]*?^  \);\n/gm, '');
  if (/_trampoline\d/.test(direct)) throw new Error('the JavaScript from jco has an unexpected form; see `lean`');
  return direct;
}

async function addSources() {
  for (const place of ['', 'view']) {
    for (const entry of await readdir(join(SOURCE, place), { withFileTypes: true })) {
      const name = join(place, entry.name);
      if (!entry.isFile() || !/\.(html|css|js)$/.test(name)) continue;
      page.set(name, await shortened(name, await readFile(join(SOURCE, name), 'utf8')));
    }
  }
}

async function shortened(name, text) {
  if (name.endsWith('.js')) {
    const { code, errors } = await minify(name, text, { module: true });
    if (errors?.length) throw new Error(`${name}: ${JSON.stringify(errors)}`);
    return code;
  }
  const uncommented = name.endsWith('.css') ? text.replace(/\/\*[^]*?\*\//g, '') : text;
  return uncommented.replace(/^\s+/gm, '');
}

/** The rows of samples.json with the claims that the emulator puts into tokens of the platform. */
async function samples() {
  const rows = JSON.parse(await readFile(join(SOURCE, 'samples.json'), 'utf8'));
  return Promise.all(
    rows.map(async (row) => ({ ...row, claims: JSON.parse(await readFile(join(CLAIMS, `${row.platform}.json`), 'utf8')) })),
  );
}

/**
 * Lists the modules in the page, so that a browser requests them at the same time. Those that run the component are not among them:
 * the page works without them until the component has arrived.
 */
function preload() {
  const isEarly = (name) => name.endsWith('.js') && !['azure_oidc.js', 'component.js'].includes(name);
  const links = [...page.keys()].filter(isEarly).map((name) => `<link rel="modulepreload" href="${name}">`);
  page.set('index.html', page.get('index.html').replace('<script', `${links.join('')}\n<script`));
}

/** Writes each file, and its Brotli and gzip form beside it. */
async function write() {
  await rm(folder, { recursive: true, force: true });
  for (const [name, contents] of page) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    const bytes = Buffer.from(contents);
    await writeFile(path, bytes);
    await writeFile(`${path}.gz`, gzip(bytes));
    await writeFile(`${path}.br`, brotli(bytes));
  }
  for (const [name, contents] of types) {
    const path = join(`${folder}-types`, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
  await writeFile(join(`${folder}-types`, 'tsconfig.json'), project());
}

/** The configuration of the type checker: the sources, with the component's types in the same virtual folder. */
function project() {
  const beside = resolve(`${folder}-types`);
  return JSON.stringify({
    extends: join(SOURCE, 'tsconfig.json'),
    compilerOptions: { rootDirs: [SOURCE, beside] },
    include: [join(SOURCE, '*.js'), join(SOURCE, 'view/*.js'), join(beside, '**/*.d.ts')],
  });
}

function report() {
  const kib = (bytes) => `${(bytes / 1024).toFixed(1).padStart(8)} KiB`;
  const row = (name, ...sizes) => console.log(`${name.padEnd(20)}${sizes.map(kib).join('')}`);
  const total = [0, 0, 0];
  console.log(`${''.padEnd(20)}${['as it is', 'gzip', 'Brotli'].map((title) => title.padStart(12)).join('')}`);
  for (const name of ['azure_oidc.wasm', 'azure_oidc.js', '']) {
    const files = [...page]
      .filter(([path]) => (name ? path === name : !path.startsWith('azure_oidc.')))
      .map(([, contents]) => Buffer.from(contents));
    const sizes = [(bytes) => bytes, gzip, brotli].map((packed) => files.reduce((sum, bytes) => sum + packed(bytes).length, 0));
    sizes.forEach((size, index) => (total[index] += size));
    row(name || `${files.length} other files`, ...sizes);
  }
  row('total', ...total);
}

function gzip(bytes) {
  return gzipSync(bytes, { level: 9 });
}

function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_LGWIN]: 22 },
  });
}

async function imported(name) {
  return import(pathToFileURL(packages.resolve(name)).href);
}
