import type { Backend } from '@sntk/linalg';
import { conformanceCases } from '@sntk/linalg/conformance';
import { describe, it } from 'vitest';
import { create, globals } from 'webgpu';
import { tfjsBackend } from '../src/index.ts';

const NEEDS = 'no WebGPU adapter; install a Vulkan driver, or set VK_ICD_FILENAMES to a software one';

/** Dawn, the WebGPU of Chromium, for Node; without a graphics card it needs a Vulkan driver in software. */
async function startWebgpu(): Promise<Backend | undefined> {
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) }, configurable: true });
  try {
    return await tfjsBackend({ device: 'webgpu' });
  } catch (error) {
    // Who names a driver wants the test.
    if (process.env.VK_ICD_FILENAMES) throw error;
    if (!(error as Error).message.includes('WebGPU found no adapter on this machine')) throw error;
    return undefined;
  }
}

const backend = await startWebgpu();

describe('tfjs-webgpu', () => {
  if (!backend) it.skip(NEEDS);
  for (const one of conformanceCases()) {
    if (backend && one.applies(backend)) it(one.name, () => one.run(backend));
  }
});
