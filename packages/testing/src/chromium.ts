import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnavailableError } from '@sntk/errors';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';

/** Where a module runs: in the page's main thread, which must not sleep, or in a worker of the page. */
export type Place = 'page' | 'worker';

/** A browser that runs modules of this repository. An owned resource. */
export interface Chromium {
  /**
   * Bundles a module, with packages read from source, and calls its default export in a cross-origin isolated page. Gives
   * what that resolves to, as JSON.
   */
  run<T>(module: URL, place: Place): Promise<T>;
  close(): Promise<void>;
}

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long a module may run, in milliseconds. */
const PATIENCE = 120_000;

/** With these two headers a page is cross-origin isolated, and has SharedArrayBuffer. */
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** The browser's program: the first that is installed, or the one that CHROMIUM names. */
export function findChromium(): string | undefined {
  return [process.env.CHROMIUM, ...CANDIDATES].find((path) => path !== undefined && existsSync(path));
}

/**
 * Starts a browser and a server for its pages.
 *
 * @throws UnavailableError that tells what to install when there is no browser.
 */
export async function startChromium(): Promise<Chromium> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new UnavailableError(
      'startChromium',
      `no browser at ${CANDIDATES.join(', ')}; apt-get install chromium, or set CHROMIUM to its program`,
    );
  }
  const files = new Map<string, string>();
  const server = await serve(files);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({ executablePath, args: FLAGS });
  } catch (error) {
    server.close();
    throw error;
  }
  const opened = browser;
  let runs = 0;
  return {
    async run<T>(module: URL, place: Place): Promise<T> {
      const name = `/${++runs}`;
      files.set(`${name}.js`, await bundle(module, place));
      files.set(`${name}.html`, `<!doctype html><script type="module">${starter(name, place)}</script>`);
      const page = await opened.newPage();
      try {
        return await open<T>(page, `${origin}${name}.html`);
      } finally {
        await page.close();
      }
    },
    async close() {
      await opened.close();
      server.close();
    },
  };
}

async function serve(files: ReadonlyMap<string, string>): Promise<Server> {
  const server = createServer((request, response) => {
    const text = files.get(request.url ?? '');
    const type = request.url?.endsWith('.js') ? 'text/javascript' : 'text/html';
    response.writeHead(text === undefined ? 404 : 200, { ...HEADERS, 'content-type': type });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** What the page does with its bundle: both leave `{ value }` or `{ error }` in `outcome`. */
function starter(name: string, place: Place): string {
  if (place === 'page') return `import { outcome } from '${name}.js'; globalThis.outcome = outcome;`;
  return `
    globalThis.outcome = new Promise((resolve) => {
      const worker = new Worker('${name}.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => resolve({ error: message || 'the worker could not be loaded' });
    });`;
}

/** One file of the module and all that it imports. */
async function bundle(module: URL, place: Place): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sntk-bundle-'));
  const entry = join(folder, 'entry.js');
  const path = fileURLToPath(module);
  writeFileSync(
    entry,
    `import run from ${JSON.stringify(path)};
    export const outcome = (async () => {
      try {
        return { value: JSON.stringify(await run()) };
      } catch (error) {
        return { error: String(error?.stack ?? error) };
      }
    })();
    ${place === 'worker' ? 'outcome.then((result) => postMessage(result));' : ''}`,
  );
  try {
    const output = await build({
      root: dirname(path),
      configFile: false,
      logLevel: 'error',
      resolve: { conditions: ['@sntk/source', 'module', 'browser', 'import', 'default'] },
      build: {
        write: false,
        minify: false,
        target: 'es2023',
        lib: { entry, formats: ['es'], fileName: 'entry' },
      },
    });
    const [{ output: chunks }] = output as { output: readonly { code?: string }[] }[];
    return chunks[0].code as string;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function open<T>(page: Page, address: string): Promise<T> {
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(String(error)));
  await page.goto(address);
  await page.waitForFunction('globalThis.outcome !== undefined', undefined, { timeout: PATIENCE });
  const late = new Promise<{ error: string }>((resolve) =>
    setTimeout(() => resolve({ error: 'it took too long' }), PATIENCE).unref(),
  );
  const outcome = await Promise.race([
    page.evaluate<{ value?: string; error?: string }>('globalThis.outcome'),
    late,
  ]);
  if (outcome.error !== undefined)
    throw new Error(`in the browser: ${[outcome.error, ...failures].join('; ')}`);
  return JSON.parse((outcome as { value: string }).value) as T;
}
