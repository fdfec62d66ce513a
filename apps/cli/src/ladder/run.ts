import { type Architecture, fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import {
  checkLearningRate,
  type FidelityRow,
  fidelityLadder,
  type KernelSpectrum,
  kernelSgd,
  kernelSpectrum,
  learningRateLimits,
} from '@sntk/dynamics';
import { NumericalError } from '@sntk/errors';
import { analyticKernel } from '@sntk/kernels';
import { type Backend, tensor, toFloat64 } from '@sntk/linalg';
import { empiricalNtk, forward, initialize, trainSgd } from '@sntk/mlp';
import { createRng, type Minibatches, minibatches, type Rng } from '@sntk/random';
import { backendByName } from '../backends.ts';
import type { RunIo } from '../run-in-folder.ts';
import { type LadderConfig, type Setting, sweepsOf } from './config.ts';

/** The ladder of one setting. */
export interface LadderCell {
  readonly setting: Setting;
  readonly learningRate: number;
  readonly steps: number;
  readonly rows: readonly FidelityRow[];
}

/** The data of a ladder, with the kernel that all rungs below the linearization share. */
interface Problem {
  readonly points: Float64Array;
  readonly y: Float64Array;
  readonly backend: Backend;
  readonly spectrum: KernelSpectrum;
  readonly rng: Rng;
}

/** Runs the ladder at every setting of the sweeps, each once. */
export async function runLadder(config: LadderConfig, io: RunIo): Promise<readonly LadderCell[]> {
  const backend = backendByName(config.backend);
  const rng = createRng(config.seed);
  const { samples } = config;
  const { X, y } = twoMoons({ samples, noise: config.noise, rng: rng.split('data') });
  const spectrum = kernelSpectrum(analyticKernel(networkOf(config, 1), { X: tensor(X, { backend }) }).ntk);
  const problem: Problem = { points: X.data, y, backend, spectrum, rng };
  const sweeps = sweepsOf(config);
  const settings = [...new Set([...sweeps.width, ...sweeps.batch, ...sweeps.rate])];
  for (const { batch, rate } of settings) {
    const limits = learningRateLimits(spectrum, {
      batch,
      replacement: config.sampler === 'with-replacement',
    });
    try {
      checkLearningRate(rate * limits.mean, limits);
    } catch (cause) {
      if (!(cause instanceof NumericalError)) throw cause;
      const most = Math.floor((1000 * limits.meanSquare) / limits.mean) / 1000;
      const fix = `take --rates up to ${most} with minibatches of ${batch}`;
      throw new NumericalError({ where: 'ladder', found: cause.message, fix, cause });
    }
  }
  const costs = settings.map(({ width, rate }) => (width * width + 2e4) / rate);
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const cells: LadderCell[] = [];
  let done = 0;
  for (const [i, setting] of settings.entries()) {
    cells.push(climb(config, problem, setting));
    done += costs[i];
    io.progress.update(done / total);
    // Interrupts get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return cells;
}

/** The tangent kernel of the infinitely wide network depends on the number of layers alone. */
function networkOf({ depth }: LadderConfig, width: number): Architecture {
  return fullyConnected({ inputs: 2, hidden: Array.from({ length: depth }, () => width) });
}

/** Real SGD of one network from one start, its linearization on the same minibatches, and everything below. */
function climb(config: LadderConfig, problem: Problem, setting: Setting): LadderCell {
  const { samples, sampler, sgdRuns, paths } = config;
  const { points, y, backend, spectrum, rng } = problem;
  const { width, batch } = setting;
  const network = networkOf(config, width);
  const theta = initialize(network, { rng: rng.split('init').split(width), dtype: 'float32' });
  const X = tensor(points, { backend, shape: [samples, 2] });
  const residualOf = (parameters: typeof theta): Float64Array =>
    toFloat64(forward(network, parameters, X)).map((f, i) => f - y[i]);
  const learningRate = (setting.rate * 2 * samples) / spectrum.values[samples - 1];
  const steps = Math.max(1, Math.round(config.time / setting.rate));
  const batches = (): Minibatches[] =>
    Array.from({ length: sgdRuns }, (_, run) =>
      minibatches({ samples, batch, sampler, rng: rng.split('minibatches').split(run) }),
    );
  const residual = new Float64Array(samples * sgdRuns);
  const inputs = tensor(points, { backend, dtype: 'float32', shape: [samples, 2] });
  const targets = tensor(y, { backend, dtype: 'float32', shape: [samples, 1] });
  for (const [run, source] of batches().entries()) {
    const trained = trainSgd(network, theta, { X: inputs, Y: targets, batches: source, steps, learningRate });
    residualOf(trained.theta).forEach((r, i) => {
      residual[i * sgdRuns + run] = r;
    });
  }
  const r0 = residualOf(theta);
  const linearizedSgd = kernelSgd(empiricalNtk(network, theta, { X }), r0, {
    learningRate,
    steps,
    batches: batches(),
  });
  const rows = fidelityLadder(spectrum, r0, {
    sgd: { residual, paths: sgdRuns },
    linearizedSgd,
    batches: batches(),
    learningRate,
    steps,
    batch,
    sampler,
    paths,
    rng: rng.split('paths'),
  });
  return { setting, learningRate, steps, rows };
}
