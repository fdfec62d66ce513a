import {
  add,
  binary,
  eigh,
  matmul,
  ndarrayBackend,
  reduce,
  reshape,
  type Tensor,
  tensor,
  toArray,
  toBackend,
  transpose,
  unary,
} from '@sntk/linalg';
import { conformanceCases } from '@sntk/linalg/conformance';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { tfjsBackend } from '../src/index.ts';

for (const device of ['cpu', 'wasm'] as const) {
  const backend = await tfjsBackend({ device });
  describe(backend.name, () => {
    for (const one of conformanceCases()) {
      if (one.applies(backend)) it(one.name, () => one.run(backend));
    }

    it('gives all memory back by dispose, and keeps nothing else', async () => {
      const before = tf.memory().numTensors;
      const a = tensor(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        { backend },
      );
      const held: Tensor[] = [
        a,
        matmul(a, a, { transposeA: true }),
        matmul(a, a, { transposeB: true }),
        unary('expm1', a),
        add(a, a),
        reduce('sum', a, 0),
        transpose(a),
        reshape(a, [6]),
        tensor([], { backend }),
      ];
      expect(tf.memory().numTensors).toBe(before + held.length);
      for (const t of held) await t.read();
      expect(tf.memory().numTensors).toBe(before + held.length);
      for (const t of held) t.dispose();
      expect(tf.memory().numTensors).toBe(before);
      await expect(a.read()).rejects.toThrow('a tensor that has not been disposed of');
      expect(() => add(a, a)).toThrow('a tensor that has not been disposed of');
    });

    it('keeps NaN in maxima and minima, on whichever side it is', async () => {
      const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 3];
      const column = tensor(values, { backend, shape: [5, 1] });
      const row = tensor(values, { backend, shape: [1, 5] });
      for (const [op, f] of [
        ['maximum', Math.max],
        ['minimum', Math.min],
      ] as const) {
        const { data } = await binary(op, column, row).read();
        expect([...data]).toEqual(values.flatMap((x) => values.map((y) => f(x, y))));
        expect(Number.isNaN((await binary(op, column, Number.NaN).read()).get(4, 0))).toBe(true);
      }
    });

    it('has float32 only, no entries at once and no factorizations', async () => {
      expect(tensor([1], { backend }).dtype).toBe('float32');
      expect(() => tensor([1], { backend, dtype: 'float64' })).toThrow(
        `a dtype of backend tfjs-${device} (float32)`,
      );
      const a = tensor(
        [
          [2, 1],
          [1, 2],
        ],
        { backend },
      );
      expect(() => toArray(a)).toThrow('gives its entries only by await tensor.read()');
      expect(() => eigh(a)).toThrow('has no factorizations; move the tensor with await toBackend');
      expect(eigh(await toBackend(a, ndarrayBackend())).values[1]).toBeCloseTo(3, 14);
    });
  });
}

describe('two devices', () => {
  it('work side by side, whichever tfjs was set to last', async () => {
    const cpu = await tfjsBackend({ device: 'cpu' });
    const wasm = await tfjsBackend({ device: 'wasm' });
    const a = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { backend: cpu },
    );
    const b = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { backend: wasm },
    );
    for (let turn = 0; turn < 3; turn++) {
      const c = matmul(a, a);
      expect(tf.getBackend()).toBe('cpu');
      const d = matmul(b, b);
      expect(tf.getBackend()).toBe('wasm');
      expect([...(await c.read()).data]).toEqual([7, 10, 15, 22]);
      expect([...(await d.read()).data]).toEqual([7, 10, 15, 22]);
    }
    expect(() => matmul(a, b)).toThrow('on backend tfjs-cpu (float32) like a, got "tfjs-wasm (float32)"');
  });

  it('are one backend each', async () => {
    expect(await tfjsBackend({ device: 'cpu' })).toBe(await tfjsBackend({ device: 'cpu' }));
  });
});

describe('a device that fails', () => {
  it('is an error of the toolkit with its reason, and calls work once it is back', async () => {
    const backend = await tfjsBackend({ device: 'cpu' });
    const a = tensor([[2]], { backend });
    // tfjs hands numbers over and takes them back by these two.
    const device = tf.findBackend('cpu');
    const write = vi.spyOn(device, 'write').mockImplementation(() => {
      throw new Error('the GPU device was lost');
    });
    const read = vi.spyOn(device, 'read').mockRejectedValue(new Error('the GPU device was lost'));
    const before = tf.memory().numTensors;
    const lost = expect.objectContaining({
      name: 'UnavailableError',
      message: expect.stringMatching(/^tfjs-cpu: the device failed \(the GPU device was lost\)/),
      cause: expect.any(Error),
    });
    expect(() => tensor([[1]], { backend })).toThrow(lost);
    await expect(a.read()).rejects.toThrow(lost);
    expect(tf.memory().numTensors).toBe(before);
    write.mockRestore();
    read.mockRestore();
    expect([...(await matmul(a, a).read()).data]).toEqual([4]);
  });
});

describe('a device that is not here', () => {
  it('is refused by name, with what to use instead', async () => {
    await expect(tfjsBackend({ device: 'tpu' as 'cpu' })).rejects.toThrow(
      'tfjsBackend: options.device must be one of cpu, wasm, webgl, webgpu, got "tpu"',
    );
    await expect(tfjsBackend({ device: 'webgl' })).rejects.toThrow('device webgl is not available here');
    await expect(tfjsBackend({ device: 'webgpu' })).rejects.toThrow('this environment has no WebGPU');
  });

  it('or whose package is missing is refused with the command that installs it', async () => {
    vi.resetModules();
    vi.doMock('@tensorflow/tfjs-backend-webgl', () => {
      throw new Error('Cannot find package');
    });
    const fresh = await import('../src/index.ts');
    await expect(fresh.tfjsBackend({ device: 'webgl' })).rejects.toThrow(
      /run npm install @tensorflow\/tfjs-core@4\.22\.0 @tensorflow\/tfjs-backend-webgl@4\.22\.0/,
    );
    vi.doUnmock('@tensorflow/tfjs-backend-webgl');
  });
});
