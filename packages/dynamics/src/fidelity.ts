import { ArgumentError, checkFinite, checkInteger, checkLength } from '@sntk/errors';
import { samplerBatchFactor } from '@sntk/noise';
import { type Minibatches, minibatches, type Rng, type Sampler } from '@sntk/random';
import { gradientFlow } from './gradient-flow.ts';
import { type DualEnsemble, kernelSgd, type RunHooks } from './kernel-sgd.ts';
import { paperSntkPaths } from './paper-paths.ts';
import { sntkPaths } from './sntk-paths.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** Residuals of runs at the end of training, row-major `[N, P]`; one path alone is a law without spread. */
export type Residuals = Pick<DualEnsemble, 'residual' | 'paths'>;

/** How far one ensemble is from another. */
export interface EnsembleGap {
  /** Root mean square over points of the difference of the means. */
  readonly meanRmse: number;
  /** Frobenius norm of the difference of the covariances, relative to the reference's; infinite where that alone is zero. */
  readonly covarianceError: number;
  /** `2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖`, without bias: around zero for equal laws, of either sign. */
  readonly energyDistance: number;
  /** Its standard error, by the jackknife over groups of paths: paths of the same number are taken as one draw. */
  readonly energyError: number;
  /** `E‖X − X'‖`, the mean distance of two paths of the reference: a unit for energy distances. */
  readonly referenceDistance: number;
}

/** Descriptions of training, each one approximation away from the one before. */
export type Rung = 'sgd' | 'linearizedSgd' | 'kernelSgd' | 'epochSde' | 'sde' | 'sntk' | 'paper' | 'ntk';

/** A rung of the ladder, and how far it is from the one above and from the top. */
export interface FidelityRow {
  readonly rung: Rung;
  readonly above: Rung;
  readonly toAbove: EnsembleGap;
  readonly toSgd: EnsembleGap;
}

export interface FidelityOptions extends RunHooks {
  /** Residuals of real SGD runs from the same start, at least ten. */
  readonly sgd: Residuals;
  /** Residuals of SGD of the linearized network, on the same minibatches if they are to show no more than its curvature. */
  readonly linearizedSgd?: Residuals;
  /** The minibatches of those runs, for kernel SGD; `paths` sources of their own unless told. */
  readonly batches?: readonly Minibatches[];
  /** η. */
  readonly learningRate: number;
  readonly steps: number;
  /** `b`. */
  readonly batch: number;
  /** How real SGD drew its minibatches; the SDEs take its covariance. */
  readonly sampler: Sampler;
  /** Paths of each random rung. */
  readonly paths: number;
  readonly rng: Rng;
}

/** Groups of the jackknife. */
const GROUPS = 10;

/**
 * When can the SNTK be trusted? The ladder from real SGD down to its tangent kernel: SGD, SGD of the linearized network,
 * kernel SGD (28), the SDE with its exact covariance (29), where SGD has epochs on the noise of epochs first, the calibrated
 * SNTK (30), the SNTK as printed (31) and gradient flow (13), MATH section 6.
 *
 * The first two are runs that are given, the others are made here. Each row compares the residuals of a rung with those
 * of the rung above and of real SGD; see `compareEnsembles`. From SGD to its linearization the curvature of the network is lost, from there to kernel SGD
 * its own tangent kernel, to the SDE finite steps, to the SNTK the square of the mean gradient, to the printed form the `1/b`, and to
 * gradient flow the noise. With epochs there is a rung between kernel SGD and the SDE, the same noise on epochs: to it minibatches
 * become normal, and from it they stop knowing of each other.
 *
 * @param spectrum of the kernel of all rungs below the linearization
 * @param r0 `f_0(X) − y`, `[N]`
 * @throws ArgumentError for fewer than ten runs or paths, or sizes that do not fit.
 * @example
 * ```ts
 * import { fidelityLadder, kernelSgd, kernelSpectrum } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { createRng, minibatches } from '@sntk/random';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * const r0 = new Float64Array([1, -1]);
 * const batches = Array.from({ length: 50 }, (_, p) =>
 *   minibatches({ samples: 2, batch: 1, sampler: 'with-replacement', rng: createRng(p) }));
 * const sgd = kernelSgd(K, r0, { learningRate: 0.2, steps: 9, batches });
 * const rows = fidelityLadder(kernelSpectrum(K), r0, {
 *   sgd, batches, learningRate: 0.2, steps: 9, batch: 1, sampler: 'with-replacement', paths: 50, rng: createRng('ladder'),
 * });
 * console.log(rows.map(({ rung }) => rung).join(' ')); // kernelSgd sde sntk paper ntk
 * console.log(rows[0].toSgd.meanRmse); // 0
 * ```
 */
export function fidelityLadder(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: FidelityOptions,
): readonly FidelityRow[] {
  const { sgd, linearizedSgd, learningRate, steps, batch, sampler, paths, rng, signal, onProgress } = options;
  const samples = spectrum.samples;
  const training = { learningRate, steps, batch, paths, ...(signal ? { signal } : {}) };
  const noise = { ...training, batchFactor: samplerBatchFactor({ samples, batch, sampler }) };
  const sources = (): readonly Minibatches[] =>
    Array.from({ length: paths }, (_, p) =>
      minibatches({ samples, batch, sampler, rng: rng.split('minibatches').split(p) }),
    );
  const rungs: readonly (readonly [Rung, () => Residuals])[] = [
    ...(linearizedSgd ? [['linearizedSgd', () => linearizedSgd] as const] : []),
    ['kernelSgd', () => kernelSgd(spectrum.K, r0, { ...training, batches: options.batches ?? sources() })],
    ...(sampler === 'epoch'
      ? [
          [
            'epochSde',
            () =>
              sntkPaths(spectrum, r0, {
                ...training,
                noise: 'exact',
                epochs: true,
                rng: rng.split('epochs'),
              }),
          ] as const,
        ]
      : []),
    ['sde', () => sntkPaths(spectrum, r0, { ...noise, noise: 'exact', rng: rng.split('sde') })],
    ['sntk', () => sntkPaths(spectrum, r0, { ...noise, rng: rng.split('sntk') })],
    ['paper', () => paperSntkPaths(spectrum, r0, { ...training, rng: rng.split('paper') })],
    ['ntk', () => ({ ...gradientFlow(spectrum, r0, { time: learningRate * steps }), paths: 1 })],
  ];
  let above: readonly [Rung, Residuals] = ['sgd', sgd];
  return rungs.map(([rung, run], done) => {
    signal?.throwIfAborted();
    const residuals = run();
    const row = {
      rung,
      above: above[0],
      toAbove: compareEnsembles(above[1], residuals),
      toSgd: compareEnsembles(sgd, residuals),
    };
    above = [rung, residuals];
    onProgress?.({ done: done + 1, total: rungs.length });
    return row;
  });
}

/**
 * The distance of an ensemble from a reference: of means, of covariances and of laws (energy distance, with its standard
 * error).
 *
 * Source of the energy distance: Székely and Rizzo, "Energy statistics: A class of statistics based on distances".
 *
 * @param candidate of the same points; with one path it is a point without spread
 * @throws ArgumentError for ensembles of different points, or of fewer than ten paths.
 * @example
 * ```ts
 * import { compareEnsembles } from '@sntk/dynamics';
 *
 * const reference = { residual: Float64Array.from({ length: 20 }, (_, p) => p % 2), paths: 20 };
 * const { meanRmse, covarianceError } = compareEnsembles(reference, { residual: new Float64Array([2]), paths: 1 });
 * console.log(meanRmse, covarianceError); // 1.5 1
 * ```
 */
export function compareEnsembles(reference: Residuals, candidate: Residuals): EnsembleGap {
  const where = 'compareEnsembles';
  const N = reference.residual.length / reference.paths;
  check(where, 'reference', reference, N);
  if (candidate.paths !== 1) check(where, 'candidate', candidate, N);
  checkLength(where, 'candidate.residual', candidate.residual, N * candidate.paths, 'N × paths');
  checkFinite(where, 'candidate.residual', candidate.residual);

  const [x, y] = [moments(reference, N), moments(candidate, N)];
  let [gap, size, shift] = [0, 0, 0];
  for (let i = 0; i < N; i++) {
    shift += (x.mean[i] - y.mean[i]) ** 2 / N;
    for (let j = 0; j < N; j++) {
      const [a, b] = [inner(x.centred, i, j), inner(y.centred, i, j)];
      gap += (a - b) ** 2;
      size += a * a;
    }
  }

  const [XX, YY] = [distances(reference, reference, N), distances(candidate, candidate, N)];
  const XY = distances(reference, candidate, N);
  const energy = (without: number): number =>
    2 * average(XY, without) - average(XX, without) - average(YY, without);
  const parts = Array.from({ length: GROUPS }, (_, g) => energy(g));
  const centre = parts.reduce((sum, value) => sum + value / GROUPS, 0);
  const spread = parts.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return {
    meanRmse: Math.sqrt(shift),
    covarianceError: gap === 0 ? 0 : Math.sqrt(gap / size),
    energyDistance: energy(-1),
    energyError: Math.sqrt((spread * (GROUPS - 1)) / GROUPS),
    referenceDistance: average(XX, -1),
  };
}

/** Group of a path; a law without spread belongs to none. */
function group(p: number, paths: number): number {
  return paths === 1 ? -2 : p % GROUPS;
}

/** Sums of distances and numbers of pairs of different paths, by the groups of the two. */
interface Distances {
  readonly sums: Map<number, { sum: number; pairs: number }>;
}

function distances(a: Residuals, b: Residuals, N: number): Distances {
  const [A, B] = [columns(a, N), columns(b, N)];
  const sums = new Map<number, { sum: number; pairs: number }>();
  for (let p = 0; p < a.paths; p++) {
    for (let q = 0; q < b.paths; q++) {
      if (a === b && p === q) continue;
      let square = 0;
      for (let i = 0; i < N; i++) square += (A[p * N + i] - B[q * N + i]) ** 2;
      const key = pairKey(group(p, a.paths), group(q, b.paths));
      const entry = sums.get(key) ?? { sum: 0, pairs: 0 };
      entry.sum += Math.sqrt(square);
      entry.pairs += 1;
      sums.set(key, entry);
    }
  }
  return { sums };
}

function pairKey(g: number, h: number): number {
  return (g + 2) * (GROUPS + 2) + h + 2;
}

/** Mean distance of the pairs that have no member in a group; of no pairs it is zero. */
function average({ sums }: Distances, without: number): number {
  let [sum, pairs] = [0, 0];
  for (const [key, entry] of sums) {
    const [g, h] = [Math.floor(key / (GROUPS + 2)) - 2, (key % (GROUPS + 2)) - 2];
    if (g === without || h === without) continue;
    sum += entry.sum;
    pairs += entry.pairs;
  }
  return pairs > 0 ? sum / pairs : 0;
}

/** Paths in rows, `[P, N]`. */
function columns({ residual, paths }: Residuals, N: number): Float64Array {
  return Float64Array.from({ length: N * paths }, (_, q) => residual[(q % N) * paths + Math.floor(q / N)]);
}

/** The mean, and rows `(r − mean)/√(P − 1)` whose products are the covariance. */
function moments({ residual, paths }: Residuals, N: number): { mean: Float64Array; centred: Float64Array[] } {
  const rows = Array.from({ length: N }, (_, i) => residual.subarray(i * paths, (i + 1) * paths));
  const mean = Float64Array.from(rows, (row) => row.reduce((sum, value) => sum + value / paths, 0));
  const scale = 1 / Math.sqrt(Math.max(1, paths - 1));
  return { mean, centred: rows.map((row, i) => row.map((value) => scale * (value - mean[i]))) };
}

function inner(rows: readonly Float64Array[], i: number, j: number): number {
  let sum = 0;
  for (let p = 0; p < rows[i].length; p++) sum += rows[i][p] * rows[j][p];
  return sum;
}

function check(where: string, argument: string, ensemble: Residuals, N: number): void {
  checkInteger(where, `${argument}.paths`, ensemble.paths, GROUPS);
  checkFinite(where, `${argument}.residual`, ensemble.residual);
  if (Number.isInteger(N) && N > 0) return;
  throw new ArgumentError({
    where,
    argument: `${argument}.residual`,
    wanted: `of N entries for each of ${ensemble.paths} paths`,
    got: `length ${ensemble.residual.length}`,
  });
}
