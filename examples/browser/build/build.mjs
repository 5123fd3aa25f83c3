// Builds the page: build.mjs COMPONENT FOLDER, with the packages of package.json in AZURE_OIDC_WEB_MODULES.
//
// The component is served in one file, but in another order: first the functions that a first answer needs, then the rest. The page
// uses the first part at once, puts both together and checks the digest of the whole. Nothing is shipped twice.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { cut } from './early.mjs';
import { largestModule } from './module.mjs';
import { called } from './profile.mjs';
import { work } from './workload.mjs';

const SOURCE = join(dirname(fileURLToPath(import.meta.url)), '..');
const WIT = join(SOURCE, '../../wit');
const CLAIMS = join(SOURCE, '../../crates/emulator/src/claims');
/** Modules that are loaded after the page works. */
const LATER = [
  ...['azure_oidc.js', 'component.js', 'later.js', 'audit.js', 'generator.js', 'samples.js', 'words.js'],
  ...['view/audit.js', 'view/samples.js'],
];
const [componentPath, folder] = process.argv.slice(2);

const packages = createRequire(
  resolve(process.env.AZURE_OIDC_WEB_MODULES ?? dirname(fileURLToPath(import.meta.url)), 'package.json'),
);
const { transpile } = await imported('@bytecodealliance/jco-transpile');
const { componentEmbed, componentNew } = await imported('@bytecodealliance/jco-transpile/wasm-tools');
const { minify } = await imported('oxc-minify');

const component = await readFile(componentPath);
/** @type {Map<string, Uint8Array | string>} */
const page = new Map();
/** @type {Map<string, Uint8Array>} Types, for checking the sources. They are not part of the page. */
const types = new Map();

const rows = await samples();
await addGlue();
await addComponent();
await addSources();
page.set('samples.json', JSON.stringify(rows));
preload();
await write();
report();

/**
 * Adds the JavaScript that calls the component's offline functions. jco makes it for a component that has no others and imports
 * nothing, because what it makes for the whole component is half as large again.
 */
async function addGlue() {
  const text = (await Promise.all(['types.wit', 'claims.wit'].map((name) => readFile(join(WIT, name), 'utf8'))))
    .map((wit, index) => (index ? wit.replace(/^package .*;$/m, '') : wit))
    .join('\n');
  const witSource = `${text}\nworld offline { export claims; }\n`;
  const place = await mkdtemp(join(tmpdir(), 'azure-oidc-web-'));
  const offline = join(place, 'offline.wasm');
  await writeFile(offline, await componentNew(await componentEmbed({ dummy: true, witSource, world: 'offline' }), []));
  const { files } = await transpile(offline, {
    name: 'azure_oidc',
    outDir: '',
    instantiation: 'sync',
    importBindings: 'direct-optimized',
    wasiShim: false,
    nodejsCompat: false,
    tlaCompat: false,
    emitTypescriptDeclarations: true,
  });
  await rm(place, { recursive: true });
  for (const [path, contents] of Object.entries(files)) {
    const name = path.replace(/^\/+/, '');
    if (name.endsWith('.d.ts')) types.set(name, contents);
    else if (name.endsWith('.js')) page.set(name, await shortened(name, renamed(Buffer.from(contents).toString())));
  }
}

/** The component's core module names its exports in the form that Rust's tools use, and it needs no initialisation. */
function renamed(glue) {
  const text = glue
    .replace(/ *\(\{ exports: exports\d \} = instantiateCore\(module\d, \{\s*main: \{[^]*?\}\)\);\n/, '')
    .replace(/ *const module1 = .*\n/, '')
    .replaceAll('cm32p2_memory', 'memory')
    .replaceAll('cm32p2_realloc', 'cabi_realloc')
    .replace(/cm32p2\|([^|']+)\|([\w-]+?)(_post)?'/g, (_, api, name, post) => `${post ? 'cabi_post_' : ''}${api}.0#${name}'`);
  if (/cm32p2|module1/.test(text)) throw new Error('the JavaScript from jco has an unexpected form; see `renamed`');
  return text;
}

/** Adds the component in two parts, and what the page must know about them. */
async function addComponent() {
  const core = largestModule(component);
  const glue = /** @type {string} */ (page.get('azure_oidc.js'));
  const { instantiate } = await import(`data:text/javascript;base64,${Buffer.from(glue).toString('base64')}`);
  const wanted = called(component.subarray(core.start, core.end), (module, seen) => work(instantiate, module, seen, rows));
  const { first, rest } = cut(component, core, wanted);
  page.set('azure_oidc.parts.bin', Buffer.concat([first, rest]));
  const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
  const built = { digest: sha256(component), firstDigest: sha256(first), size: component.length, first: first.length, parts: first.length + rest.length, core: [core.start, core.end] };
  const lines = Object.entries(built).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`);
  page.set('built.js', lines.join(''));
  const numbers = ['size', 'first', 'parts'].map((name) => `export const ${name}: number;\n`).join('');
  types.set('built.d.ts', Buffer.from(`export const digest: string;\nexport const firstDigest: string;\nexport const core: [number, number];\n${numbers}`));
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
 * Lists the modules in the page, so that a browser requests them at the same time. Those that the page works without until the
 * component, or the whole of it, has arrived are not among them.
 */
function preload() {
  const isEarly = (name) => name.endsWith('.js') && !LATER.includes(name);
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
  const row = (name, ...sizes) => console.log(`${name.padEnd(24)}${sizes.map(kib).join('')}`);
  const total = [0, 0, 0];
  console.log(`${''.padEnd(24)}${['as it is', 'gzip', 'Brotli'].map((title) => title.padStart(12)).join('')}`);
  for (const name of ['azure_oidc.parts.bin', 'azure_oidc.js', '']) {
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
