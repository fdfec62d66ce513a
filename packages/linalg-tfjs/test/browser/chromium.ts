import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { build } from 'vite';
import { findChromium } from '../../../testing/src/chromium.ts';
import type { Page } from './page.ts';

const executablePath = findChromium();

/** Why there is no browser, or undefined. */
export const NO_BROWSER: string | undefined =
  executablePath === undefined ? 'no browser; install Chromium, or set CHROMIUM to its program' : undefined;

/** A GPU in software, and nothing that a browser does beside showing a page. */
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** The page in a browser: calls go there and their results come back. */
export interface RemotePage {
  call<K extends keyof Page>(name: K, ...args: Parameters<Page[K]>): Promise<Awaited<ReturnType<Page[K]>>>;
  close(): Promise<void>;
}

/** Bundles the page, serves it to a new browser, and opens it. */
export async function openPage(): Promise<RemotePage> {
  if (executablePath === undefined) throw new Error(NO_BROWSER);
  const folder = await mkdtemp(join(tmpdir(), 'sntk-page-'));
  await bundle(folder);
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  const server = await serve((path) =>
    path.startsWith('/wasm/') ? join(wasm, path.slice(6)) : join(folder, path),
  );
  const browser: Browser = await chromium.launch({ executablePath, args: FLAGS });
  const tab = await browser.newPage();
  // A page that fails to load says so here, not by a time-out.
  tab.on('pageerror', (error) => console.error(error));
  await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`);
  await tab.waitForFunction(() => 'page' in globalThis);
  return {
    call: (name, ...args) =>
      tab.evaluate(
        ([method, values]) =>
          (globalThis as unknown as { page: Record<string, (...all: unknown[]) => unknown> }).page[method](
            ...values,
          ),
        [name, args] as [string, unknown[]],
      ) as never,
    async close() {
      await browser.close();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function bundle(folder: string): Promise<void> {
  await build({
    root: dirname(fileURLToPath(import.meta.url)),
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@sntk/source', 'module', 'browser', 'import', 'default'] },
    build: { outDir: folder, emptyOutDir: true, minify: false, target: 'es2023' },
  });
}

async function serve(fileOf: (path: string) => string): Promise<Server> {
  const server = createServer((request, response) => {
    const file = fileOf(new URL(request.url ?? '/', 'http://page').pathname);
    readFile(file).then(
      (content) =>
        response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
