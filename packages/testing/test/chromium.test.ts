import { wasmBackend } from '@sntk/linalg-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../src/browser.ts';
import { type Chromium, startChromium } from '../src/chromium.ts';
import { fingerprints } from './browser/fingerprints.ts';
import type { Findings } from './browser/wasm.ts';

const found = findChromium() !== undefined;
if (!found && process.env.CI === 'true') await startChromium();

describe.skipIf(!found)(`the WASM backend in Chromium${found ? '' : ' (skipped: not installed)'}`, () => {
  let browser: Chromium;
  beforeAll(async () => {
    browser = await startChromium();
  }, 60_000);
  afterAll(() => browser.close());

  it('conforms in a worker, on one thread and on two, with the bits of Node', async () => {
    const findings = await browser.run<Findings>(new URL('./browser/wasm.ts', import.meta.url), 'worker');
    expect(findings).toMatchObject({ isolated: true, threads: 2, failures: [] });
    expect(findings.cases).toBeGreaterThan(80);
    const own = fingerprints(wasmBackend());
    expect(findings.fingerprints).toEqual([own, own]);
  }, 120_000);

  it('has two threads in a page whose main thread computes too', async () => {
    const findings = await browser.run(new URL('./browser/wasm-page.ts', import.meta.url), 'page');
    expect(findings).toEqual({ threads: 2, fingerprints: fingerprints(wasmBackend()) });
  }, 120_000);

  it('passes on what a module throws', async () => {
    await expect(browser.run(new URL('./browser/failing.ts', import.meta.url), 'page')).rejects.toThrow(
      'in the browser: Error: on purpose',
    );
  }, 60_000);
});
