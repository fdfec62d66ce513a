import { matmul, tensor } from '@sntk/linalg';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tfjsBackend } from '../src/index.ts';
import { NEEDS_VULKAN, webgpuBackend } from './devices.ts';

/** The part of tfjs's WebGPU backend that a test takes hold of. */
interface WebgpuParts {
  readonly device: {
    destroy(): void;
    createBuffer(request: { readonly size: number; readonly usage: number }): unknown;
  };
}

const lost = (name: string, reason: string) =>
  expect.objectContaining({
    name: 'UnavailableError',
    message: expect.stringMatching(
      new RegExp(
        `^tfjs-${name}: the device was lost \\(.*${reason}.*\\), .* await tfjsBackend\\({ device: '${name}' }\\)`,
      ),
    ),
  });

const webgpu = await webgpuBackend();

describe('a WebGPU device', () => {
  if (!webgpu) {
    it.skip(NEEDS_VULKAN);
    return;
  }

  it('that is destroyed ends reads and operations in a typed error, and starts again', async () => {
    const before = tf.memory().numTensors;
    const a = tensor([[2]], { backend: webgpu });
    (tf.findBackend('webgpu') as unknown as WebgpuParts).device.destroy();
    // tfjs queues the product without a look at the device.
    const product = matmul(a, a);
    await expect(product.read()).rejects.toThrow(lost('webgpu', 'destroyed'));
    await expect(a.read()).rejects.toThrow(lost('webgpu', 'destroyed'));
    expect(() => matmul(a, a)).toThrow(lost('webgpu', 'destroyed'));
    expect(() => tensor([1], { backend: webgpu })).toThrow(lost('webgpu', 'destroyed'));

    const [again, same] = await Promise.all([
      tfjsBackend({ device: 'webgpu' }),
      tfjsBackend({ device: 'webgpu' }),
    ]);
    expect(again).toBe(same);
    expect(again).not.toBe(webgpu);
    expect(() => matmul(a, a)).toThrow(lost('webgpu', 'destroyed'));
    const b = tensor([[3]], { backend: again });
    const square = matmul(b, b);
    expect([...(await square.read()).data]).toEqual([9]);
    for (const t of [a, product, b, square]) t.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(await tfjsBackend({ device: 'webgpu' })).toBe(again);
  });

  it('that refuses an operation does not give its result for one', async () => {
    const backend = await tfjsBackend({ device: 'webgpu' });
    const a = tensor([[2]], { backend });
    // Nothing that a test may do makes tfjs's own requests invalid; the device tells of this one in the same way.
    (tf.findBackend('webgpu') as unknown as WebgpuParts).device.createBuffer({ size: 4, usage: 0xfffff });
    await expect(a.read()).rejects.toThrow(/^tfjs-webgpu: the device failed \(.+\)$/s);
    expect([...(await a.read()).data]).toEqual([2]);
  });

  it('refuses a tensor that is larger than its buffers, with both sizes, before anything is allocated', async () => {
    const backend = await tfjsBackend({ device: 'webgpu' });
    const column = tensor(new Float32Array(40_000), { backend, shape: [40_000, 1] });
    expect(() => matmul(column, column, { transposeB: true })).toThrow(
      /^tfjs-webgpu: the size of a tensor must be at most \d+ MiB on this device, got "\[40000, 40000\], which is 6104 MiB"; work in blocks$/,
    );
  });
});

describe('a WASM device', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('that traps ends operations in a typed error, and starts again', async () => {
    const backend = await tfjsBackend({ device: 'wasm' });
    const before = tf.memory().numTensors;
    const a = tensor([[2]], { backend });
    const device = tf.findBackend('wasm');
    vi.spyOn(device, 'write').mockImplementation(() => {
      throw new WebAssembly.RuntimeError('memory access out of bounds');
    });
    expect(() => tensor([[1]], { backend })).toThrow(lost('wasm', 'memory access out of bounds'));
    expect(() => matmul(a, a)).toThrow(lost('wasm', 'memory access out of bounds'));
    await expect(a.read()).rejects.toThrow(lost('wasm', 'memory access out of bounds'));

    const again = await tfjsBackend({ device: 'wasm' });
    expect(tf.findBackend('wasm')).not.toBe(device);
    const b = tensor([[3]], { backend: again });
    const square = matmul(b, b);
    expect([...(await square.read()).data]).toEqual([9]);
    for (const t of [a, b, square]) t.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
