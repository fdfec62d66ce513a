import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { expectClose, standInDevice } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { deviceSntkPaths } from '../src/devices.ts';
import { kernelSpectrum, sntkPaths } from '../src/index.ts';

const N = 12;
const points = Float64Array.from({ length: 2 * N }, (_, i) => Math.sin(1 + i * i));
const X = tensor(points, { backend: ndarrayBackend(), shape: [N, 2] });
const spectrum = kernelSpectrum(analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1] }), { X }).ntk);
const r0 = Float64Array.from({ length: N }, (_, i) => Math.cos(3 * i));
const options = { learningRate: (0.2 * N) / spectrum.values[N - 1], batch: 3, paths: 5, rng: createRng(4) };

describe('deviceSntkPaths', () => {
  it.each(['leading', 'exact'] as const)(
    'walks the float64 paths, %s noise, read once at the end',
    async (noise) => {
      const { backend, reads, live } = standInDevice();
      const run = { ...options, noise, steps: 60, firstPath: 7 };
      const found = await deviceSntkPaths(spectrum, r0, { ...run, backend });
      expect(reads()).toBe(1);
      expect(live()).toBe(0);
      const exact = sntkPaths(spectrum, r0, run);
      expectClose(found.residual, exact.residual, { absolute: 1e-5 });
      const largest = exact.alpha.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expectClose(found.alpha, exact.alpha, { absolute: 1e-5 * largest });
    },
  );

  it.each(['leading', 'exact'] as const)('walks the float64 paths on epochs, %s noise', async (noise) => {
    const { backend, live } = standInDevice();
    // 12 = 2 · 5 + 2: the last minibatch is short.
    const run = { ...options, batch: 5, noise, steps: 50, epochs: true };
    const found = await deviceSntkPaths(spectrum, r0, { ...run, backend });
    expect(live()).toBe(0);
    const exact = sntkPaths(spectrum, r0, run);
    expectClose(found.residual, exact.residual, { absolute: 1e-5 });
    const independent = sntkPaths(spectrum, r0, { ...run, epochs: false });
    expect(Math.abs(independent.residual[0] - exact.residual[0])).toBeGreaterThan(1e-3);
  });

  it('reads one number every 64 steps, tells progress and can be stopped', async () => {
    const { backend, reads, live } = standInDevice();
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }) => void seen.push(done);
    await deviceSntkPaths(spectrum, r0, { ...options, steps: 150, backend, onProgress });
    expect(reads()).toBe(3);
    expect(seen).toEqual([64, 128, 150]);
    const stop = new AbortController();
    const run = deviceSntkPaths(spectrum, r0, {
      ...options,
      steps: 150,
      backend,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(run).rejects.toThrow('enough');
    expect(live()).toBe(0);
  });

  it('ends in an error where paths overflow, and checks its options', async () => {
    const { backend, live } = standInDevice();
    const wild = { ...options, backend, steps: 400, batchFactor: 1e6 };
    await expect(deviceSntkPaths(spectrum, r0, wild)).rejects.toThrow(
      /^deviceSntkPaths: a path is not finite at or before step \d+; lower the learning rate, .*2N\/λ_max is/,
    );
    expect(live()).toBe(0);
    await expect(deviceSntkPaths(spectrum, r0.subarray(1), wild)).rejects.toThrow(
      'deviceSntkPaths: r0 must be of length 12',
    );
    await expect(deviceSntkPaths(spectrum, r0, { ...wild, paths: 2 ** 24 })).rejects.toThrow(
      /deviceSntkPaths: options\.paths must be so few .* GiB/,
    );
    expect(live()).toBe(0);
  });
});
