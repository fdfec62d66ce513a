import type { Backend } from '@sntk/linalg';
import { create, globals } from 'webgpu';
import { type TfjsDevice, tfjsBackend } from '../src/index.ts';

/** Why WebGPU is left out on a machine without it. */
export const NEEDS_VULKAN =
  'no WebGPU adapter; install a Vulkan driver, or set VK_ICD_FILENAMES to a software one';

/** Gives Node the WebGPU of Chromium (Dawn). */
export function installWebgpu(): void {
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) }, configurable: true });
}

/**
 * WebGPU in Node, or undefined on a machine without a Vulkan driver.
 *
 * @throws UnavailableError without one where the environment names a driver or says CI=true.
 */
export async function webgpuBackend(): Promise<Backend | undefined> {
  installWebgpu();
  try {
    return await tfjsBackend({ device: 'webgpu' });
  } catch (error) {
    if (process.env.CI === 'true' || process.env.VK_ICD_FILENAMES) throw error;
    if (!(error as Error).message.includes('WebGPU found no adapter on this machine')) throw error;
    return undefined;
  }
}

/** Every device that runs in Node here. */
export async function nodeDevices(): Promise<readonly Backend[]> {
  const here: Backend[] = [];
  for (const device of ['cpu', 'wasm'] as const satisfies readonly TfjsDevice[]) {
    here.push(await tfjsBackend({ device }));
  }
  const webgpu = await webgpuBackend();
  if (webgpu) here.push(webgpu);
  else console.warn(`tfjs-webgpu is left out: ${NEEDS_VULKAN}`);
  return here;
}
