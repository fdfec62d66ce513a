import { ndarrayBackend, tensor } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { expectClose } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { gradientFlow, gradientFlowPath, kernelSpectrum } from '../src/index.ts';

describe('gradientFlowPath', () => {
  const [N, rank] = [6, 4];
  const rng = createRng(1);
  const A = new Float64Array(N * rank);
  rng.fillNormal(A);
  // Singular, so that modes that gather without end are among them.
  const K = Float64Array.from({ length: N * N }, (_, q) => {
    const [i, j] = [Math.floor(q / N), q % N];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += A[i * rank + k] * A[j * rank + k];
    return sum;
  });
  const spectrum = kernelSpectrum(tensor(K, { backend: ndarrayBackend(), shape: [N, N] }));
  const r0 = new Float64Array(N);
  rng.fillNormal(r0);

  it('is gradientFlow at every time, a column each', () => {
    const times = [0, 1e-9, 0.3, 7, 1e4];
    const path = gradientFlowPath(spectrum, r0, { times });
    expect(path.paths).toBe(times.length);
    times.forEach((time, t) => {
      const { alpha, residual } = gradientFlow(spectrum, r0, { time });
      const column = (block: Float64Array): Float64Array => block.filter((_, q) => q % times.length === t);
      expectClose(column(path.alpha), alpha, { relative: 1e-12, absolute: 1e-12 });
      expectClose(column(path.residual), residual, { relative: 1e-12, absolute: 1e-12 });
    });
  });

  it('refuses no times, negative ones, and residuals that do not fit', () => {
    expect(() => gradientFlowPath(spectrum, r0, { times: [] })).toThrow(
      'options.times must be one time or more',
    );
    expect(() => gradientFlowPath(spectrum, r0, { times: [0, -1] })).toThrow('options.times[1]');
    expect(() => gradientFlowPath(spectrum, r0.subarray(1), { times: [1] })).toThrow(
      'r0 must be of length 6',
    );
  });

  it('ends in an error where numbers overflow, as gradientFlow does', () => {
    const huge = r0.map((r) => Math.sign(r) * 1.7e308);
    const overflows = /too large for a number/;
    expect(() => gradientFlow(spectrum, huge, { time: 1 })).toThrow(overflows);
    expect(() => gradientFlowPath(spectrum, huge, { times: [0, 1] })).toThrow(overflows);
  });
});
