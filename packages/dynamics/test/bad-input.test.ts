import { ndarrayBackend, tensor } from '@sntk/linalg';
import { createRng, minibatches } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import {
  dualMoments,
  gradientDescent,
  gradientFlow,
  kernelSgd,
  kernelSgdMoments,
  kernelSpectrum,
  lossFlow,
  paperSntkPaths,
  sntkLossPaths,
  sntkPaths,
} from '../src/index.ts';

const backend = ndarrayBackend();
const matrix = (...rows: number[][]) => tensor(rows, { backend });
const K = matrix([2, 1], [1, 2]);
const spectrum = kernelSpectrum(K);
const r0 = new Float64Array([1, -1]);
const rng = createRng('bad input');
const full = () => [minibatches({ samples: 2, batch: 2, sampler: 'epoch', rng })];

describe('a kernel', () => {
  const flow = (kernel: ReturnType<typeof matrix>) => () => lossFlow(kernel, r0, { time: 1, steps: 1 });
  const sgd = (kernel: ReturnType<typeof matrix>) => () =>
    kernelSgd(kernel, r0, { learningRate: 1, steps: 1, batches: full() });
  const paths = (kernel: ReturnType<typeof matrix>) => () =>
    sntkLossPaths(kernel, r0, { learningRate: 1, steps: 1, batch: 1, paths: 1, rng });
  const decompose = (kernel: ReturnType<typeof matrix>) => () => kernelSpectrum(kernel);

  it.each([
    ['lossFlow', flow],
    ['kernelSgd', sgd],
    ['sntkLossPaths', paths],
    ['kernelSpectrum', decompose],
  ] as const)('that is not symmetric is refused by %s, which says by how much', (name, run) => {
    expect(run(matrix([2, 1], [1.25, 2]))).toThrow(
      `${name}: K must be a symmetric matrix, got "entries that differ from their mirror images by up to 2.50e-1"`,
    );
  });

  it('that is not positive semidefinite is refused with its smallest eigenvalue and the jitter that mends it', () => {
    expect(decompose(matrix([1, 3], [3, 1]))).toThrow(
      'its smallest eigenvalue is -2.000e+0, its largest 4.000e+0; check the kernel, or add a jitter of 2.0e+0 to its diagonal',
    );
  });

  it('that is not finite is refused', () => {
    expect(sgd(matrix([2, Number.NaN], [Number.NaN, 2]))).toThrow('K must be finite numbers');
    expect(decompose(matrix([2, Number.NaN], [Number.NaN, 2]))).toThrow('finite');
  });

  it('that is not square is refused', () => {
    expect(sgd(matrix([2, 1, 0], [1, 2, 0]))).toThrow('kernelSgd: K must be a square matrix, got');
  });
});

describe('labels and residuals of the wrong shape', () => {
  const three = new Float64Array(3);
  const path = { learningRate: 0.1, steps: 1, batch: 1, paths: 1, rng };
  it.each([
    ['gradientFlow', () => gradientFlow(spectrum, three, { time: 1 })],
    ['kernelSgd', () => kernelSgd(K, three, { learningRate: 1, steps: 1, batches: full() })],
    ['sntkPaths', () => sntkPaths(spectrum, three, path)],
    ['paperSntkPaths', () => paperSntkPaths(spectrum, three, path)],
    ['dualMoments', () => dualMoments(spectrum, three, path)],
  ])('are refused by %s with the length that is wanted', (where, run) => {
    expect(run).toThrow(`${where}: r0 must be of length 2 (one per training point), got "length 3"`);
  });

  it('are told with the outputs where there are some', () => {
    expect(() => sntkPaths(spectrum, three, { ...path, outputs: 2 })).toThrow(
      'r0 must be of length 4 (training points × outputs), got "length 3"',
    );
    const loss = { evaluate: () => 0 };
    expect(() => lossFlow(K, r0, { loss, targets: three, time: 1, steps: 1 })).toThrow(
      'options.targets must be of length 2',
    );
    expect(() => lossFlow(K, r0, { loss, slope: (r) => r, time: 1, steps: 1 })).toThrow('options.slope');
  });
});

describe('a rate above the stability limit', () => {
  // λ_max = 3 and N = 2.
  const limit = '2N/λ_max is 1.33';

  it('makes kernel SGD diverge, which is told with path, step and limit', () => {
    const run = () => kernelSgd(K, r0, { learningRate: 400, steps: 1000, batches: [...full(), ...full()] });
    expect(run).toThrow(limit);
    expect(run).toThrow(/path 0 diverged: it is not finite at step 1\d\d; lower the learning rate, 400/);
  });

  it('makes moments and closed forms overflow, which is told with the limit', () => {
    const options = { learningRate: 400, steps: 1000, batch: 1 };
    expect(() => dualMoments(spectrum, r0, options)).toThrow(limit);
    expect(() => kernelSgdMoments(spectrum, r0, options)).toThrow(limit);
    expect(() => gradientDescent(spectrum, r0, options)).toThrow(limit);
  });

  it('lets the noise of the SDEs grow without bound, which is told with path and step', () => {
    // A step of η = N multiplies a residual by e⁻¹ (1 + √40 ξ), from near the largest number.
    const N = 40;
    const one = tensor(
      Float64Array.from({ length: N * N }, (_, q) => (q % (N + 1) === 0 ? 1 : 0)),
      {
        backend,
        shape: [N, N],
      },
    );
    const large = new Float64Array(N).fill(1e307);
    const options = { learningRate: N, steps: 1000, batch: 1, paths: 2, rng };
    for (const run of [
      () => sntkPaths(kernelSpectrum(one), large, options),
      () => sntkPaths(kernelSpectrum(one), large, { ...options, noise: 'sparse' }),
      () => paperSntkPaths(kernelSpectrum(one), large, options),
      () => sntkLossPaths(one, large, options),
    ]) {
      expect(run).toThrow(/path [01] diverged: it is not finite at step \d+/);
      expect(run).toThrow('2N/λ_max is 80.0');
    }
  });
});

describe('an ensemble too large for memory', () => {
  it('is refused before anything is allocated, with what it needs', () => {
    const options = { learningRate: 0.1, steps: 1, batch: 1, paths: 1e9, rng };
    expect(() => sntkPaths(spectrum, r0, options)).toThrow(
      'options.paths must be so few that an ensemble fits in 8 GiB, got "1000000000 paths of 2 points, which need 119 GiB"',
    );
    expect(() => sntkLossPaths(K, r0, options)).toThrow('GiB');
    expect(() => paperSntkPaths(spectrum, r0, options)).toThrow('GiB');
  });
});

describe('moments that overflow', () => {
  const diagonal = kernelSpectrum(matrix([1, 0], [0, 2]));

  it('are refused after one step too', () => {
    const options = { learningRate: 1e200, steps: 1, batch: 1 };
    expect(() => dualMoments(diagonal, r0, options)).toThrow('the second moment overflows');
  });

  it('are refused whatever mode they are in', () => {
    const options = { learningRate: 1e10, steps: 100, batch: 2 };
    expect(() => kernelSgdMoments(diagonal, new Float64Array([1, 0]), options)).toThrow(
      'the moments overflow at step',
    );
  });
});

describe('a batch', () => {
  it('larger than N is refused in the name of what was called, at its step, and taken with a c_b or replacement', () => {
    const N = r0.length;
    const options = { learningRate: 0.1, steps: 3, batch: N + 1, paths: 1, rng };
    for (const [where, run] of [
      ['sntkPaths', (more: object) => sntkPaths(spectrum, r0, { ...options, ...more })],
      ['sntkLossPaths', (more: object) => sntkLossPaths(K, r0, { ...options, ...more })],
    ] as const) {
      const wanted = `must be at most the number of samples, ${N}, got ${N + 1}`;
      expect(() => run({})).toThrow(`${where}: options.batch ${wanted}`);
      const growing = (step: number): number => N + (step === 2 ? 1 : 0);
      expect(() => run({ batch: growing })).toThrow(`${where}: options.batch(2) ${wanted}`);
      expect(() => run({ replacement: true })).not.toThrow();
      expect(() => run({ batchFactor: 0.1 })).not.toThrow();
    }
  });

  it.each([0, 1.5, Number.NaN])('of %s is refused where c_b is given too', (batch) => {
    const options = { learningRate: 0.1, steps: 1, batch, batchFactor: 0.5 };
    expect(() => dualMoments(spectrum, r0, options)).toThrow(
      'options.batch must be an integer of at least 1',
    );
  });
});
