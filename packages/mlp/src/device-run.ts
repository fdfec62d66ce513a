import type { Architecture } from '@sntk/architecture';
import { checkFinite, UnavailableError } from '@sntk/errors';
import { add, type FloatArray, mul, reduce, type Tensor, tensor } from '@sntk/linalg';
import { scope } from '@sntk/linalg/devices';
import type { Checkpoint } from './checkpoint.ts';
import { openDeviceChain } from './device-chain.ts';
import { checkTensorLoss } from './device-losses.ts';
import { checkSingleRule } from './device-rule.ts';
import type { Drawn } from './draw.ts';
import { notFinite, rowsOf } from './run.ts';
import { checkSingle, type RunOptions, settleRun } from './settle.ts';

/** A training run on a device. It is `Run` with answers that come later. */
export interface DeviceRun {
  step(step: number): Promise<number>;
  loss(): Promise<number>;
  checkpoint(step: number): Promise<Checkpoint>;
  dispose(): void;
}

/** Small steps between two numbers that are read where no state is asked for: a device works ahead by so many at most. */
const AHEAD = 64;

/** What a loss counts in their sum, so that finite ones do not overflow together. */
const SHARE = 1 / (2 * AHEAD);

/** The minibatch of a small step on a device. */
interface Batch {
  readonly X: Tensor;
  readonly Y: Tensor;
  /** What each example's gradient counts, `[rows, 1]`. */
  readonly weights: Tensor;
}

/** Checks a run's options and puts its parameters on the device, in float32. */
export function startDeviceRun(
  where: string,
  architecture: Architecture,
  theta: FloatArray,
  { x, y, ...options }: RunOptions & { readonly x: FloatArray; readonly y: FloatArray },
): DeviceRun {
  const { dropout, backend = options.X.backend } = options;
  checkFinite(where, 'theta', theta);
  checkSingle(where, 'theta', theta);
  checkSingle(where, 'options.Y', y);
  const settled = settleRun(where, architecture, Float32Array.from(theta), { ...options, x, y });
  const { plan, identity, rateAt, loss, rule, svag, draw, averages, diverged } = settled;
  checkSingleRule(where, 'options.optimizer.epsilon', rule);
  if (!loss.onTensors) {
    throw new UnavailableError(
      where,
      `loss ${loss.name} has no onTensors, by which devices work it out; add it, or train on a CPU backend`,
    );
  }
  const onTensors = loss.onTensors.bind(loss);
  const chain = openDeviceChain(where, architecture, settled.start, {
    backend,
    rule,
    steps: settled.smallSteps,
    masks: (steps) => dropout?.split(steps),
    ...(averages ? { averages } : {}),
  });
  const put = (entries: FloatArray, drawn: Drawn, columns: number): Tensor => {
    const out = new Float32Array(drawn.rows * columns);
    rowsOf(entries, drawn, { columns, out });
    return tensor(out, { backend, shape: [drawn.rows, columns] });
  };
  const batchAt = (n: number): Batch => {
    const drawn = draw.at(n);
    const weights = Float32Array.from(drawn.weights.subarray(0, drawn.rows));
    return scope(backend, () => ({
      X: put(x, drawn, plan.inputs),
      Y: put(y, drawn, plan.outputs),
      weights: tensor(weights, { backend, shape: [drawn.rows, 1] }),
    }));
  };
  /** Where all examples are seen in each step they are sent once. */
  let whole: Batch | undefined;
  /** Mean losses of small steps since the last look, after the one before, and their sum, each with its `SHARE`. */
  let waiting: { readonly step: number; readonly loss: Tensor }[] = [];
  let total: Tensor | undefined;
  let last = Number.NaN;

  const take = ({ X, Y, weights }: Batch, step: number, rate: number): void => {
    const before = total;
    const f = chain.forward(X);
    // Given back whatever comes of the step: a device may fail, and so may a loss.
    const passing = [f];
    try {
      const scored = scope(backend, () => {
        const { losses, gradient } = checkTensorLoss(where, onTensors(f, Y), f);
        const mean = mul(reduce('sum', losses, 0), 1 / X.shape[0]);
        const share = mul(mean, SHARE);
        return { gradient: mul(gradient, weights), mean, total: before ? add(before, share) : share };
      });
      total = scored.total;
      waiting.push({ step, loss: scored.mean });
      passing.push(scored.gradient, ...(before ? [before] : []));
      chain.descend(scored.gradient, rate);
    } finally {
      for (const t of passing) t.dispose();
    }
  };

  /** Reads one number, which says whether a loss was not finite since it was read last. */
  const look = async (): Promise<void> => {
    if (!total) return;
    if (!Number.isFinite(await numberIn(total))) {
      const values = await Promise.all(waiting.map(({ loss: value }) => numberIn(value)));
      const at = values.findIndex((value) => !Number.isFinite(value));
      throw diverged('is', { step: waiting[at].step, loss: at > 0 ? values[at - 1] : last });
    }
    total.dispose();
    total = undefined;
    for (const { loss: seen } of waiting.slice(0, -1)) seen.dispose();
    waiting = waiting.slice(-1);
  };

  return {
    async step(step) {
      const learningRate = rateAt(step);
      for (let n = step * svag; n < (step + 1) * svag; n++) {
        const batch = whole ?? batchAt(n);
        if (!options.batches) whole = batch;
        try {
          take(batch, step, learningRate / svag);
        } finally {
          if (!whole) giveBack(batch);
        }
        if (waiting.length > AHEAD) await look();
      }
      return learningRate;
    },
    async loss() {
      await look();
      last = await numberIn(waiting[waiting.length - 1].loss);
      return last;
    },
    async checkpoint(step) {
      const [now, moments] = await Promise.all([chain.readParameters(), chain.readAverages()]);
      const what = notFinite({ theta: now, moments });
      if (what) throw diverged(what, { step: step - 1, loss: last });
      return { ...identity, step, theta: now, moments };
    },
    dispose() {
      chain.dispose();
      if (whole) giveBack(whole);
      total?.dispose();
      for (const { loss: left } of waiting) left.dispose();
    },
  };
}

function giveBack({ X, Y, weights }: Batch): void {
  for (const t of [X, Y, weights]) t.dispose();
}

async function numberIn(a: Tensor): Promise<number> {
  return (await a.read()).data[0];
}
