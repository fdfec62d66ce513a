import {
  ACTIVATIONS,
  activate,
  convolution,
  dense,
  dropout,
  flatten,
  fullyConnected,
  network,
  relu,
} from '@sntk/architecture';
import { ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { expectClose, standInDevice } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { analyticKernel, kernelBlocks, kernelDiagonals, kernelGradient } from '../src/index.ts';
import { hardPoints, POINTS } from './hard-points.ts';

/** In float32; closer points would be equal there. */
const singlePoints = (d: number): Float32Array =>
  Float32Array.from(hardPoints(d, { nudge: 1e-5, multiple: 4, far: 1024 }));

/** The largest `|a − b|/√(b(x, x) b(z, z))`, with `b` the kernel of all points with themselves. */
async function gap(found: Tensor, truth: Float64Array, rows: number): Promise<number> {
  const { data } = await found.read();
  const columns = data.length / rows;
  let worst = 0;
  data.forEach((value: number, at: number) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    const scale = Math.sqrt(truth[i * (POINTS + 1)] * truth[j * (POINTS + 1)]);
    const error = Math.abs(value - truth[i * POINTS + j]);
    worst = Math.max(worst, scale > 0 ? error / scale : error);
  });
  return worst;
}

const CASES = (['relu', 'erf', 'linear'] as const).flatMap((name) =>
  [0, 1].flatMap((bias) =>
    [
      [2, 1],
      [2, 3],
      [5, 12],
    ].map(([d, depth]) => [name, bias, d, depth] as const),
  ),
);

describe('the recursion by tensors', () => {
  it.each(CASES)(
    'gives the kernels of %s, σ_b² = %i, d = %i, %i hidden layers',
    async (name, bias, d, depth) => {
      const architecture = fullyConnected({
        inputs: d,
        hidden: Array.from({ length: depth }, () => 1),
        activation: ACTIVATIONS[name],
        weightVariance: name === 'linear' ? 1 : 2,
        biasVariance: bias,
      });
      const data = singlePoints(d);
      const exact = analyticKernel(architecture, {
        X: tensor(Float64Array.from(data), { backend: ndarrayBackend(), shape: [POINTS, d] }),
      });
      const { backend, reads, live } = standInDevice();
      const X = tensor(data, { backend, shape: [POINTS, d] });
      const Z = tensor(data.subarray(0, 14 * d), { backend, shape: [14, d] });
      const square = analyticKernel(architecture, { X });
      const block = analyticKernel(architecture, { X: Z, Z: X });
      expect(reads()).toBe(0);
      expect(live()).toBe(6);

      // Rounding of 6e-8 an operation; without biases, erf's small variances grow their errors from layer to layer.
      const most = name === 'erf' ? 1e-5 : 1e-6;
      for (const kernel of ['nngp', 'ntk'] as const) {
        const truth = toArray(exact[kernel]) as Float64Array;
        expect(await gap(square[kernel], truth, POINTS)).toBeLessThan(most);
        expect(await gap(block[kernel], truth, 14)).toBeLessThan(most);
        const { data: entries } = await square[kernel].read();
        for (let i = 0; i < POINTS; i++) {
          for (let j = 0; j < i; j++) expect(entries[i * POINTS + j]).toBe(entries[j * POINTS + i]);
        }
      }
    },
  );

  it('gives the diagonals, and blocks of rows, of the whole kernel', async () => {
    const architecture = fullyConnected({ inputs: 2, hidden: [1, 1], biasVariance: 0.3 });
    const data = singlePoints(2);
    const exact = {
      X: tensor(Float64Array.from(data), { backend: ndarrayBackend(), shape: [POINTS, 2] }),
    };
    const { backend, reads, live } = standInDevice();
    const X = tensor(data, { backend, shape: [POINTS, 2] });
    const found = kernelDiagonals(architecture, { X });
    const blocks = [...kernelBlocks(architecture, { X, rows: 15 })];
    expect(reads()).toBe(0);
    expect(live()).toBe(1 + 2 + 2 * 3);
    expect(blocks.map(({ start, stop }) => [start, stop])).toEqual([
      [0, 15],
      [15, 30],
      [30, 37],
    ]);
    const diagonals = kernelDiagonals(architecture, exact);
    const { ntk } = analyticKernel(architecture, exact);
    for (const name of ['nngp', 'ntk'] as const) {
      expect(found[name].shape).toEqual([POINTS]);
      expectClose((await found[name].read()).data, toArray(diagonals[name]), { relative: 1e-6 });
    }
    for (const block of blocks) {
      expect(block.ntk.shape).toEqual([block.stop - block.start, POINTS]);
      const rows = toArray(ntk).subarray(block.start * POINTS, block.stop * POINTS);
      const { data: values } = await block.ntk.read();
      values.forEach((value: number, at: number) => {
        const [i, j] = [block.start + Math.floor(at / POINTS), at % POINTS];
        const scale = Math.sqrt(toArray(ntk)[i * (POINTS + 1)] * toArray(ntk)[j * (POINTS + 1)]);
        expect(Math.abs(value - rows[at])).toBeLessThanOrEqual(1e-6 * scale);
      });
    }
  });

  it('knows the parameterization standard, in which widths matter', async () => {
    const architecture = fullyConnected({
      inputs: 3,
      hidden: [7, 5],
      biasVariance: 0.2,
      parameterization: 'standard',
    });
    const data = singlePoints(3);
    const { ntk } = analyticKernel(architecture, {
      X: tensor(Float64Array.from(data), { backend: ndarrayBackend(), shape: [POINTS, 3] }),
    });
    const X = tensor(data, { backend: standInDevice().backend, shape: [POINTS, 3] });
    const found = analyticKernel(architecture, { X });
    expect(await gap(found.ntk, toArray(ntk) as Float64Array, POINTS)).toBeLessThan(1e-6);
  });

  it('takes coordinates in blocks where all differences at once would be too many', async () => {
    const [rows, d] = [150, 200];
    const data = Float32Array.from({ length: rows * d }, (_, p) => Math.sin(1 + p * p));
    const architecture = fullyConnected({ inputs: d, hidden: [1], biasVariance: 0.1 });
    const { backend, live } = standInDevice();
    const X = tensor(data, { backend, shape: [rows, d] });
    const { nngp, ntk } = analyticKernel(architecture, { X });
    expect(live()).toBe(3);
    const exact = analyticKernel(architecture, {
      X: tensor(Float64Array.from(data), { backend: ndarrayBackend(), shape: [rows, d] }),
    });
    for (const [found, truth] of [
      [nngp, exact.nngp],
      [ntk, exact.ntk],
    ]) {
      const entries = toArray(truth);
      const { data: values } = await found.read();
      values.forEach((value: number, at: number) => {
        expect(Math.abs(value - entries[at])).toBeLessThan(1e-5 * entries[0]);
      });
    }
  });

  it('gives kernels of no points their shape', () => {
    const { backend } = standInDevice();
    const architecture = fullyConnected({ inputs: 2, hidden: [1] });
    const X = tensor([], { backend, shape: [0, 2] });
    expect(analyticKernel(architecture, { X }).ntk.shape).toEqual([0, 0]);
  });

  it('refuses what it has not, with what to do', () => {
    const { backend } = standInDevice();
    const X = tensor([[1, 0]], { backend });
    const sine = fullyConnected({ inputs: 2, hidden: [1], activation: ACTIVATIONS.sine });
    expect(() => analyticKernel(sine, { X })).toThrow(
      'analyticKernel: backend stand-in has no activations other than relu, erf and linear; move X with await toBackend',
    );
    const dropped = network(2, dense(1), activate(relu), dropout(0.5), dense(1));
    expect(() => analyticKernel(dropped, { X })).toThrow('has no steps of kind dropout');
    const plain = fullyConnected({ inputs: 2, hidden: [1] });
    expect(() => analyticKernel(plain, { X: tensor([[1, 2, 3]], { backend }) })).toThrow(
      'options.X must be of shape [N, 2], got [1, 3]',
    );
    const elsewhere = tensor([[1, 0]], { backend: ndarrayBackend() });
    expect(() => analyticKernel(plain, { X: elsewhere, Z: X })).toThrow(
      'analyticKernel: options.Z must be on backend ndarray like X, got "stand-in"; move it with await toBackend(Z, X.backend)',
    );
    expect(() => kernelGradient(plain, { X })).toThrow('kernelGradient: options.X is on backend stand-in');
    const images = network([2, 1], convolution(1, [1]), flatten, dense(1));
    expect(() => analyticKernel(images, { X })).toThrow('analyticKernel: options.X is on backend stand-in');
    expect(() => analyticKernel(plain, { X, Z: elsewhere })).toThrow(
      'options.Z must be on backend stand-in like X, got "ndarray"',
    );
  });
});
