// Serves a folder on loopback: serve.mjs FOLDER [PORT]. Port 0 is any free port.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.bin': 'application/octet-stream',
};
const PACKED = [
  ['br', '.br'],
  ['gzip', '.gz'],
];

/**
 * @param {string} folder
 * @param {number} port
 * @returns {Promise<import('node:http').Server>} It listens on loopback.
 */
export function serve(folder, port) {
  const root = resolve(folder);
  const server = createServer(async (request, response) => {
    // The names of the page's files need no percent-encoding, so the path is not decoded.
    const path = (request.url ?? '/').split('?')[0];
    const file = join(root, normalize(path), path.endsWith('/') ? 'index.html' : '');
    const type = TYPES[extname(file)];
    if (!['GET', 'HEAD'].includes(request.method ?? '') || !type || !file.startsWith(root))
      return void response.writeHead(404).end();
    const accepted = String(request.headers['accept-encoding'] ?? '');
    for (const [encoding, end] of [...PACKED.filter(([name]) => accepted.includes(name)), ['', '']]) {
      const bytes = await readFile(file + end).catch(() => undefined);
      if (!bytes) continue;
      const headers = {
        'content-type': type,
        'content-length': bytes.length,
        'cache-control': 'no-cache',
        vary: 'accept-encoding',
      };
      return void response.writeHead(200, { ...headers, ...(encoding && { 'content-encoding': encoding }) }).end(bytes);
    }
    response.writeHead(404).end();
  });
  return new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', () => done(server)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder, port = '8000'] = process.argv.slice(2);
  const server = await serve(folder, Number(port));
  console.log(`http://localhost:${server.address().port}/`);
}
