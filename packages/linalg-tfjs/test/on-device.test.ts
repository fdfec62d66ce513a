import { fullyConnected } from '@sntk/architecture';
import { type Backend, ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
// By path: as dependencies, even of tests, these packages would be below and above this one.
import { deviceSntkPaths } from '../../dynamics/src/devices.ts';
import { kernelSpectrum, sntkPaths } from '../../dynamics/src/index.ts';
import { analyticKernel } from '../../kernels/src/index.ts';
import { deviceChain } from '../../mlp/src/devices.ts';
import { initialize, networkChain } from '../../mlp/src/index.ts';
import { nodeDevices } from './devices.ts';

const N = 20;
const network = fullyConnected({ inputs: 2, hidden: [16, 16, 16] });
const points = Float32Array.from({ length: 2 * N }, (_, i) => Math.sin(1 + i * i));
const exactPoints = tensor(Float64Array.from(points), { backend: ndarrayBackend(), shape: [N, 2] });
const exactKernel = analyticKernel(network, { X: exactPoints });

/** Counts how often tfjs is asked for a device's numbers, at once or later; some devices do the one by the other. */
function countReads(backend: Backend): () => number {
  const device = tf.findBackend(backend.name.replace('tfjs-', ''));
  const spies = [vi.spyOn(device, 'read'), vi.spyOn(device, 'readSync')];
  return () => Math.max(...spies.map((spy) => spy.mock.calls.length));
}

async function expectClose(found: Tensor, truth: ArrayLike<number>, most: number): Promise<void> {
  const { data } = await found.read();
  expect(data.length).toBe(truth.length);
  data.forEach((value: number, i: number) => {
    expect(Math.abs(value - truth[i])).toBeLessThan(most);
  });
}

afterEach(() => void vi.restoreAllMocks());

describe.each((await nodeDevices()).map((backend) => [backend.name, backend] as const))(
  '%s',
  (_, backend) => {
    it('runs the kernel recursion without leaving the device or leaving anything there', async () => {
      const before = tf.memory().numTensors;
      const reads = countReads(backend);
      const X = tensor(points, { backend, shape: [N, 2] });
      const { nngp, ntk } = analyticKernel(network, { X });
      expect(reads()).toBe(0);
      expect(tf.memory().numTensors).toBe(before + 3);
      // Float32: a millionth of the largest entry.
      for (const [found, truth] of [
        [nngp, toArray(exactKernel.nngp)],
        [ntk, toArray(exactKernel.ntk)],
      ] as const) {
        await expectClose(found, truth, 1e-6 * Math.max(...truth));
      }
      for (const t of [X, nngp, ntk]) t.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it('runs steps of a network without leaving the device or leaving anything there', async () => {
      const before = tf.memory().numTensors;
      const theta = initialize(network, { rng: createRng(1) });
      const reads = countReads(backend);
      const X = tensor(points, { backend, shape: [N, 2] });
      const gradient = Float32Array.from({ length: N }, (_, i) => Math.cos(i) / N);
      const G = tensor(gradient, { backend, shape: [N, 1] });
      const chain = deviceChain(network, theta, { backend });
      const exact = networkChain(network, theta, { backend: ndarrayBackend(), maxRows: N });
      for (let step = 0; step < 3; step++) {
        chain.forward(X).dispose();
        chain.descend(G, 0.1);
        exact.forward(Float64Array.from(points), N);
        exact.descend(Float64Array.from(gradient), 0.1);
      }
      const f = chain.forward(X);
      expect(reads()).toBe(0);
      await expectClose(f, exact.forward(Float64Array.from(points), N), 1e-5);
      const found = await chain.readParameters();
      const truth = exact.readParameters();
      found.forEach((value, p) => {
        expect(Math.abs(value - truth[p])).toBeLessThan(1e-5);
      });
      chain.dispose();
      for (const t of [X, G, f]) t.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it('runs steps of the stochastic kernel dynamics, read once at the end', async () => {
      const before = tf.memory().numTensors;
      const spectrum = kernelSpectrum(exactKernel.ntk);
      const r0 = Float64Array.from({ length: N }, (_, i) => Math.cos(3 * i));
      const options = {
        learningRate: (0.2 * N) / spectrum.values[N - 1],
        steps: 20,
        batch: 4,
        paths: 6,
        rng: createRng(2),
      };
      const reads = countReads(backend);
      const found = await deviceSntkPaths(spectrum, r0, { ...options, backend });
      expect(reads()).toBe(1);
      expect(tf.memory().numTensors).toBe(before);
      const exact = sntkPaths(spectrum, r0, options);
      found.residual.forEach((value, q) => {
        expect(Math.abs(value - exact.residual[q])).toBeLessThan(1e-5);
      });
    });
  },
);
