import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { FROM_SOURCE, findChromium, launchChromium, servePages } from '../../../testing/src/browser.ts';
import type { Page } from './page.ts';

/** Why there is no browser, or undefined. */
export const NO_BROWSER: string | undefined =
  findChromium() === undefined ? 'no browser; install Chromium, or set CHROMIUM to its program' : undefined;

/** A GPU in software. */
const SOFTWARE_GPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];

/** The page in a browser: calls go there and their results come back. */
export interface RemotePage {
  call<K extends keyof Page>(name: K, ...args: Parameters<Page[K]>): Promise<Awaited<ReturnType<Page[K]>>>;
  close(): Promise<void>;
}

/** Bundles the page, serves it to a new browser, and opens it. */
export async function openPage(): Promise<RemotePage> {
  const folder = await mkdtemp(join(tmpdir(), 'sntk-page-'));
  await build({
    ...FROM_SOURCE,
    root: dirname(fileURLToPath(import.meta.url)),
    build: { outDir: folder, emptyOutDir: true, minify: false, target: 'es2023' },
  });
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  const server = await servePages((path) =>
    readFile(path.startsWith('/wasm/') ? join(wasm, path.slice(6)) : join(folder, path)),
  );
  const browser = await launchChromium(SOFTWARE_GPU);
  const tab = await browser.newPage();
  // A page that fails to load says so here, not by a time-out.
  tab.on('pageerror', (error) => console.error(error));
  await tab.goto(`${server.origin}/index.html`);
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
