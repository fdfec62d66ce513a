import { type Architecture, activationByName, fullyConnected } from '@sntk/architecture';
import { grid2d, twoMoons } from '@sntk/datasets';
import { type Backend, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { forward, initialize } from '@sntk/mlp';
import { createRng, type Rng } from '@sntk/random';
import type { Figure1Config } from './config.ts';

/** Space around the data in the figure, in units of the data. */
const MARGIN = 0.35;

/** Points on which functions are compared, with the network's values there before training. */
export interface Probe {
  /** `[M, 2]` row-major. */
  readonly points: Float64Array;
  readonly count: number;
  readonly f0: Float64Array;
}

export interface Grid {
  readonly x: [number, number];
  readonly y: [number, number];
  readonly columns: number;
  readonly rows: number;
}

/** The data, the network and where it starts: the same for all methods, and plain enough to send to a worker. */
export interface Problem {
  readonly train: Probe;
  /** Targets, ±1. */
  readonly y: Float64Array;
  readonly test: Probe;
  readonly testY: Float64Array;
  readonly grid: Grid;
  readonly gridProbe: Probe;
  /** Initial parameters, float32, the format SGD runs in. */
  readonly theta: Float32Array;
}

/** Streams of the run, by what they are for. */
export function runStream(config: Figure1Config, purpose: string): Rng {
  return createRng(config.seed).split(purpose);
}

export function networkOf(config: Figure1Config): Architecture {
  return fullyConnected({
    inputs: 2,
    hidden: Array.from({ length: config.depth }, () => config.width),
    activation: activationByName(config.activation),
    weightVariance: config.weightVariance,
    biasVariance: config.biasVariance,
  });
}

/** Values of the network on points `[M, 2]`, float64. */
export function evaluate(
  config: Figure1Config,
  theta: Float32Array,
  points: Float64Array,
  backend: Backend,
): Float64Array {
  return toFloat64(forward(networkOf(config), theta, pointTensor(points, backend)));
}

export function pointTensor(points: Float64Array, backend: Backend): Tensor {
  return tensor(points, { backend, shape: [points.length / 2, 2] });
}

export function buildProblem(config: Figure1Config, backend: Backend): Problem {
  const data = twoMoons({ samples: config.samples, noise: config.noise, rng: runStream(config, 'data') });
  const fresh = twoMoons({
    samples: config.testSamples,
    noise: config.noise,
    rng: runStream(config, 'test'),
  });
  const points = data.X.data;
  const grid = gridAround(points, config.gridColumns);
  const theta = initialize(networkOf(config), {
    rng: runStream(config, 'init'),
    dtype: 'float32',
  }) as Float32Array;
  const probe = (entries: Float64Array): Probe => ({
    points: entries,
    count: entries.length / 2,
    f0: evaluate(config, theta, entries, backend),
  });
  return {
    train: probe(points),
    y: data.y,
    test: probe(fresh.X.data),
    testY: fresh.y,
    grid,
    gridProbe: probe(grid2d(grid).data),
    theta,
  };
}

/** A grid of square cells, nearly, around all points. */
function gridAround(points: Float64Array, columns: number): Grid {
  const range = (axis: 0 | 1): [number, number] => {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = axis; i < points.length; i += 2) {
      low = Math.min(low, points[i]);
      high = Math.max(high, points[i]);
    }
    return [low - MARGIN, high + MARGIN];
  };
  const x = range(0);
  const y = range(1);
  const rows = Math.max(2, Math.round(((columns - 1) * (y[1] - y[0])) / (x[1] - x[0])) + 1);
  return { x, y, columns, rows };
}
