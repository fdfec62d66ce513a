import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { FROM_SOURCE, launchChromium, servePages } from './browser.ts';

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

/** How long a module may run, in milliseconds. */
const PATIENCE = 120_000;

/**
 * Starts a browser and a server for its pages.
 *
 * @throws UnavailableError that tells what to install when there is no browser.
 */
export async function startChromium(): Promise<Chromium> {
  const browser = await launchChromium(['--disable-gpu']);
  const files = new Map<string, string>();
  const server = await servePages(async (path) => files.get(path));
  let runs = 0;
  return {
    async run<T>(module: URL, place: Place): Promise<T> {
      const name = `/${++runs}`;
      files.set(`${name}.js`, await bundle(module, place));
      files.set(`${name}.html`, `<!doctype html><script type="module">${starter(name, place)}</script>`);
      const page = await browser.newPage();
      try {
        return await open<T>(page, `${server.origin}${name}.html`);
      } finally {
        await page.close();
      }
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
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
      ...FROM_SOURCE,
      root: dirname(path),
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
