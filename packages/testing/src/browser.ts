import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { UnavailableError } from '@sntk/errors';
import { type Browser, chromium } from 'playwright-core';
import type { InlineConfig } from 'vite';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Nothing that a browser does beside showing a page. */
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** With the first two a page is cross-origin isolated, and has SharedArrayBuffer. */
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** How pages are bundled: packages from source, one place for all tests. */
export const FROM_SOURCE: InlineConfig = {
  configFile: false,
  logLevel: 'error',
  resolve: { conditions: ['@sntk/source', 'module', 'browser', 'import', 'default'] },
};

/** The browser's program: the first that is installed, or the one that CHROMIUM names. */
export function findChromium(): string | undefined {
  return [process.env.CHROMIUM, ...CANDIDATES].find((path) => path !== undefined && existsSync(path));
}

/**
 * Starts a browser.
 *
 * @param flags beside those that keep it quiet
 * @throws UnavailableError that tells what to install when there is none.
 */
export async function launchChromium(flags: readonly string[]): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath !== undefined) return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
  throw new UnavailableError(
    'launchChromium',
    `no browser at ${CANDIDATES.join(', ')}; apt-get install chromium, or set CHROMIUM to its program`,
  );
}

/** A server of pages on this machine. An owned resource. */
export interface PageServer {
  /** `http://127.0.0.1:…`. */
  readonly origin: string;
  close(): void;
}

/** Serves what `contentOf` gives for a path; there is nothing where it gives undefined or fails. */
export async function servePages(
  contentOf: (path: string) => Promise<string | Uint8Array | undefined>,
): Promise<PageServer> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname;
    const content = await contentOf(path).catch(() => undefined);
    const type = TYPES[extname(path)] ?? 'text/plain';
    response.writeHead(content === undefined ? 404 : 200, { ...HEADERS, 'content-type': type });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}
