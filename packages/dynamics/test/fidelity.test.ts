import { mul, ndarrayBackend, tensor } from '@sntk/linalg';
import { createRng, minibatches } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import {
  compareEnsembles,
  fidelityLadder,
  gradientFlow,
  kernelSgd,
  kernelSpectrum,
  learningRateLimits,
  sntkPaths,
} from '../src/index.ts';

const rng = createRng('fidelity');

/** `P` independent normals of a mean and a deviation, for one point. */
function normals(label: string, paths: number, [mean, deviation]: readonly [number, number]) {
  const residual = new Float64Array(paths);
  rng.split(label).fillNormal(residual);
  return { residual: residual.map((value) => mean + deviation * value), paths };
}

describe('compareEnsembles', () => {
  it('finds the energy distance of two normal laws in closed form, within its standard error', () => {
    // E|N(m, s²)| = s √(2/π) e^{−m²/2s²} + m erf(m/(s√2)); here m = 1, s² = 1 + 4, erf(1/√10) by its value.
    const cross = Math.sqrt(10 / Math.PI) * Math.exp(-0.1) + 0.3452791539814;
    const exact = 2 * cross - 2 / Math.sqrt(Math.PI) - 4 / Math.sqrt(Math.PI);
    const gap = compareEnsembles(normals('x', 1000, [0, 1]), normals('y', 1000, [1, 2]));
    expect(Math.abs(gap.energyDistance - exact)).toBeLessThan(4 * gap.energyError);
    expect(gap.energyError).toBeLessThan(0.1 * exact * 4);
    expect(gap.covarianceError).toBeGreaterThan(2);
  });

  it('is zero within standard errors for equal laws, and the errors are honest', () => {
    let outside = 0;
    for (let trial = 0; trial < 40; trial++) {
      const gap = compareEnsembles(normals(`a${trial}`, 60, [0, 1]), normals(`b${trial}`, 60, [0, 1]));
      if (Math.abs(gap.energyDistance) > 3 * gap.energyError) outside += 1;
    }
    expect(outside).toBeLessThanOrEqual(3);
  });

  it('compares with one deterministic path', () => {
    const reference = { residual: Float64Array.from({ length: 20 }, (_, p) => p % 2), paths: 20 };
    const gap = compareEnsembles(reference, { residual: new Float64Array([2]), paths: 1 });
    // 2 E|X − 2| − E|X − X'| = 3 − 10/19.
    expect(gap.energyDistance).toBeCloseTo(3 - 10 / 19, 12);
    expect(gap.covarianceError).toBe(1);
  });

  it('refuses ensembles of different points, and too few paths', () => {
    const x = normals('r', 20, [0, 1]);
    expect(() => compareEnsembles(x, { residual: new Float64Array(40), paths: 20 })).toThrow('length');
    expect(() => compareEnsembles({ ...x, residual: x.residual.subarray(0, 5), paths: 5 }, x)).toThrow('10');
  });
});

describe('fidelityLadder', () => {
  const N = 8;
  const batch = 2;
  const K = tensor(
    Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, j) => Math.exp(-((i - j) ** 2) / 4))),
    { backend: ndarrayBackend() },
  );
  const spectrum = kernelSpectrum(K);
  const r0 = new Float64Array(N);
  rng.split('r0').fillNormal(r0);
  const learningRate = 0.1 * learningRateLimits(spectrum, { batch }).meanSquare;

  it('puts kernel SGD on the reference that is kernel SGD, and the others in their order', () => {
    const training = { learningRate, steps: 60, batch, sampler: 'without-replacement' as const };
    const paths = 600;
    const batches = Array.from({ length: paths }, (_, p) =>
      minibatches({ samples: N, batch, sampler: training.sampler, rng: rng.split('reference').split(p) }),
    );
    const sgd = kernelSgd(K, r0, { learningRate, steps: 60, batches });
    const rows = fidelityLadder(spectrum, r0, { ...training, sgd, paths, rng: rng.split('ladder') });
    expect(rows.map(({ rung, above }) => `${above} ${rung}`)).toEqual([
      'sgd kernelSgd',
      'kernelSgd sde',
      'sde sntk',
      'sntk paper',
      'paper ntk',
    ]);
    const at = Object.fromEntries(rows.map((row) => [row.rung, row.toSgd]));
    expect(Math.abs(at.kernelSgd.energyDistance)).toBeLessThan(4 * at.kernelSgd.energyError);
    expect(at.ntk.covarianceError).toBe(1);
    for (const rung of ['sntk', 'sde', 'kernelSgd']) {
      expect(at[rung].covarianceError).toBeLessThan(0.5);
      expect(at[rung].energyDistance).toBeLessThan(at.ntk.energyDistance - 4 * at.ntk.energyError);
      expect(at[rung].energyDistance).toBeLessThan(at.paper.energyDistance - 4 * at.paper.energyError);
    }
    // c_b is 3/7 here, and the printed form has one in its place.
    expect(at.paper.covarianceError).toBeGreaterThan(1);
  });

  it('takes the linearization and the minibatches of the runs, and tells what each step of it loses', () => {
    const paths = 200;
    const sources = () =>
      Array.from({ length: paths }, (_, p) =>
        minibatches({ samples: N, batch, sampler: 'epoch', rng: rng.split('given').split(p) }),
      );
    const run = { learningRate, steps: 40 };
    // A network whose kernel is 1.2 K, and is linear.
    const own = kernelSgd(mul(K, 1.2), r0, { ...run, batches: sources() });
    const rows = fidelityLadder(spectrum, r0, {
      ...run,
      sgd: own,
      linearizedSgd: own,
      batches: sources(),
      batch,
      sampler: 'epoch',
      paths,
      rng: rng.split('own'),
    });
    expect(rows[0]).toMatchObject({ rung: 'linearizedSgd', above: 'sgd' });
    expect(rows[0].toSgd.meanRmse).toBe(0);
    expect(rows[0].toSgd.covarianceError).toBe(0);
    expect(rows[1]).toMatchObject({ rung: 'kernelSgd', above: 'linearizedSgd' });
    expect(rows[1].toAbove).toEqual(rows[1].toSgd);
    expect(rows.map(({ rung }) => rung)).toEqual([
      'linearizedSgd',
      'kernelSgd',
      'epochSde',
      'sde',
      'sntk',
      'paper',
      'ntk',
    ]);
    const same = kernelSgd(K, r0, { ...run, batches: sources() });
    expect(rows[1].toSgd).toEqual(compareEnsembles(own, same));
    expect(rows[1].toSgd.referenceDistance).toBeGreaterThan(0);
  });

  it('takes the SDEs and gradient flow of the same training, with the c_b of its epochs', () => {
    const K = tensor(
      [
        [2, 1, 0],
        [1, 2, 1],
        [0, 1, 2],
      ],
      { backend: ndarrayBackend() },
    );
    const [spectrum, r0] = [kernelSpectrum(K), new Float64Array([1, -1, 0.5])];
    const training = { learningRate: 0.4, steps: 7, batch: 2 };
    const batches = Array.from({ length: 20 }, (_, p) =>
      minibatches({ samples: 3, batch: 2, sampler: 'epoch', rng: rng.split('short').split(p) }),
    );
    const sgd = kernelSgd(K, r0, { ...training, batches });
    const ladder = rng.split('same training');
    const rows = fidelityLadder(spectrum, r0, { ...training, sgd, sampler: 'epoch', paths: 20, rng: ladder });
    // A minibatch of two of three has c_b = 1/4, the one that is left 1.
    const noise = { ...training, batchFactor: 5 / 8, paths: 20 };
    const to = (rung: string) => rows.find((row) => row.rung === rung)?.toSgd;
    expect(to('sde')).toEqual(
      compareEnsembles(sgd, sntkPaths(spectrum, r0, { ...noise, noise: 'exact', rng: ladder.split('sde') })),
    );
    expect(to('sntk')).toEqual(
      compareEnsembles(sgd, sntkPaths(spectrum, r0, { ...noise, rng: ladder.split('sntk') })),
    );
    const { residual } = gradientFlow(spectrum, r0, { time: 2.8 });
    expect(to('ntk')?.meanRmse).toBeCloseTo(compareEnsembles(sgd, { residual, paths: 1 }).meanRmse, 12);
  });

  it('finds a standard error for runs that share their minibatches', () => {
    // The difference of paired paths is a shift alone: distances within each ensemble are the same.
    const x = normals('paired', 200, [0, 1]);
    const shifted = { residual: x.residual.map((value) => value + 0.5), paths: 200 };
    const gap = compareEnsembles(x, shifted);
    const free = compareEnsembles(x, normals('free', 200, [0.5, 1]));
    expect(gap.energyError).toBeLessThan(free.energyError);
    expect(gap.covarianceError).toBeLessThan(1e-14);
  });
});

describe('ensembles without spread', () => {
  it('have equal covariances', () => {
    const still = { residual: new Float64Array(16).fill(1), paths: 16 };
    expect(compareEnsembles(still, still)).toMatchObject({ covarianceError: 0, energyDistance: 0 });
    expect(compareEnsembles(still, normals('moving', 20, [0, 1])).covarianceError).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});
