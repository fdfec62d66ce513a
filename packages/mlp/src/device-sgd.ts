import type { Architecture } from '@sntk/architecture';
import { checkFinite, checkInteger } from '@sntk/errors';
import {
  type Backend,
  type FloatArray,
  mul,
  ndarrayBackend,
  reduce,
  sub,
  type Tensor,
  tensor,
  unary,
} from '@sntk/linalg';
import { scope } from '@sntk/linalg/devices';
import type { Minibatches } from '@sntk/random';
import { checkMatrix } from './checks.ts';
import { deviceChain } from './device-chain.ts';
import { drawer } from './draw.ts';
import { type LearningRate, rateOf } from './learning-rate.ts';
import { LOSSES } from './losses.ts';
import { ruleOf } from './optimizer.ts';
import { planOf } from './plan.ts';
import { divergence } from './run.ts';
import type { SgdResult } from './sgd.ts';
import { stableRate } from './stable-rate.ts';

export interface DeviceSgdOptions {
  /** Inputs `[N, d]`, of any backend. */
  readonly X: Tensor;
  /** Targets `[N, O]`. */
  readonly Y: Tensor;
  /** Where the steps run, in float32. */
  readonly backend: Backend;
  readonly steps: number;
  readonly learningRate: LearningRate;
  /** Which examples each step sees; all of them unless told. See `minibatches` of `@sntk/random`. */
  readonly batches?: Minibatches;
  /** Told the number of steps done and the latest loss that was read. */
  readonly onProgress?: (progress: { readonly step: number; readonly loss: number }) => void;
  readonly signal?: AbortSignal;
}

/** Steps between two reads of losses; a device works ahead by so many at most. */
const AHEAD = 64;

/**
 * `trainSgd` on a device, in float32: the same steps `θ ← θ − (η/b) Σ_{i∈B} ∇½|f − y|²`, to rounding. Parameters and activations
 * stay on the device from the first step to the last. Minibatches are sent there; losses come back 64 at a time.
 *
 * Networks are those of `deviceChain`: plain chains with ReLU, tanh, sigmoid or no activation.
 *
 * @throws NumericalError when a loss or the parameters are not finite, with the step, the last finite loss and the stable rate; it is
 * seen up to 64 steps later.
 * @throws ArgumentError when shapes do not fit or data are not finite in float32.
 * @throws UnavailableError for activations that a device does not have.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { initialize } from '@sntk/mlp';
 * import { deviceTrainSgd } from '@sntk/mlp/devices';
 * import { createRng } from '@sntk/random';
 *
 * const backend = ndarrayBackend(); // or a device
 * const network = fullyConnected({ inputs: 1, hidden: [32] });
 * const X = tensor([[-1], [0], [1]], { backend });
 * const Y = tensor([[1], [0], [1]], { backend });
 * const theta = initialize(network, { rng: createRng(1) });
 * const { losses } = await deviceTrainSgd(network, theta, { X, Y, backend, steps: 300, learningRate: 0.15 });
 * console.log(losses[299] < 1e-3 * losses[0]); // true
 * ```
 */
export async function deviceTrainSgd(
  architecture: Architecture,
  theta: FloatArray,
  options: DeviceSgdOptions,
): Promise<SgdResult> {
  const where = 'deviceTrainSgd';
  const { X, Y, backend, steps, onProgress, signal } = options;
  const plan = planOf(architecture);
  const { inputs: d, outputs: O } = plan;
  const N = X.shape[0];
  checkInteger(where, 'options.steps', steps);
  checkMatrix(where, 'options.X', X, [N, d]);
  checkMatrix(where, 'options.Y', Y, [N, O]);
  const [x, y] = [(await X.read()).data, (await Y.read()).data];
  for (const [argument, entries] of [
    ['X', x],
    ['Y', y],
  ] as const) {
    checkFinite(where, `options.${argument}`, entries);
    checkFinite(where, `options.${argument} in float32`, Float32Array.from(entries));
  }
  const rateAt = rateOf(where, options.learningRate);
  const draw = drawer(where, { batches: options.batches, svag: 1, samples: N });
  const losses = new Float64Array(steps);
  const chain = deviceChain(architecture, theta, { backend });
  const diverged = (step: number, what: string): Error => {
    const bound = stableRate(plan, theta, {
      x: Float64Array.from(x),
      backend: ndarrayBackend(),
      loss: LOSSES.mse,
      rule: ruleOf(where, { kind: 'sgd' }),
    });
    const loss = step > 0 ? losses[step - 1] : Number.NaN;
    const details = { step, loss, learningRate: rateAt(step) };
    return divergence(where, what, bound === undefined ? details : { ...details, stableRate: bound });
  };
  let waiting: Tensor[] = [];
  const collect = async (done: number): Promise<void> => {
    const values = await Promise.all(waiting.map((loss) => loss.read()));
    values.forEach(({ data }, k) => {
      const step = done - values.length + k;
      losses[step] = data[0];
      if (!Number.isFinite(data[0])) throw diverged(step, 'is');
    });
    release();
    onProgress?.({ step: done, loss: losses[done - 1] });
  };
  const release = (): void => {
    for (const loss of waiting) loss.dispose();
    waiting = [];
  };
  try {
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      const { examples, rows } = draw.at(step);
      const batch = put(backend, x, { examples, rows, columns: d });
      const targets = put(backend, y, { examples, rows, columns: O });
      const f = chain.forward(batch);
      const { residual, loss } = scope(backend, () => {
        const residual = sub(f, targets);
        const squares = reduce('sum', reduce('sum', unary('square', residual), 0), 1);
        return { residual, loss: mul(squares, 1 / (2 * rows)) };
      });
      waiting.push(loss);
      const rate = rateAt(step);
      // Schedules may end at 0, a step that stays.
      if (rate > 0) chain.descend(residual, rate / rows);
      for (const t of [batch, targets, f, residual]) t.dispose();
      if ((step + 1) % AHEAD === 0 || step + 1 === steps) await collect(step + 1);
    }
    const trained = await chain.readParameters();
    if (!trained.every(Number.isFinite)) throw diverged(steps - 1, 'parameters are');
    return { theta: trained, losses };
  } finally {
    release();
    chain.dispose();
  }
}

/** Some rows of a row-major matrix, on the device. */
function put(
  backend: Backend,
  entries: ArrayLike<number>,
  { examples, rows, columns }: { examples: ArrayLike<number>; rows: number; columns: number },
): Tensor {
  const picked = new Float32Array(rows * columns);
  for (let j = 0; j < rows; j++) {
    for (let p = 0; p < columns; p++) picked[j * columns + p] = entries[examples[j] * columns + p];
  }
  return tensor(picked, { backend, shape: [rows, columns] });
}
