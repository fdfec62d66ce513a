import type { Architecture } from '@sntk/architecture';
import { allFinite, UnavailableError } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';
import { openChain } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Drawn } from './draw.ts';
import { zerosLike } from './jet.ts';
import { type RunOptions, settleRun } from './settle.ts';

/** A training run that is under way. */
export interface Run {
  /** Takes step `step` (0 first) and gives its rate. Throws when the loss is not finite. */
  step(step: number): number;
  /** Mean loss of the latest step's examples, before it. */
  loss(): number;
  /** All that the run has come to after `step` steps. */
  checkpoint(step: number): Checkpoint;
  dispose(): void;
}

/** Checks a run's options and makes its parameters ready where steps are taken. `x` and `y` are the entries of `X` and `Y`. */
export function startRun(
  where: string,
  architecture: Architecture,
  theta: FloatArray,
  { x, y, ...options }: RunOptions & { readonly x: FloatArray; readonly y: FloatArray },
): Run {
  const { dropout, backend = options.X.backend } = options;
  if (!backend.readSync) {
    throw new UnavailableError(where, `backend ${backend.name} gives losses only later; use train`);
  }
  const settled = settleRun(where, architecture, theta, { ...options, x, y });
  const { plan, identity, rateAt, loss, rule, svag, draw, averages, diverged } = settled;
  const { maxRows } = draw;
  const chain = openChain(plan, settled.start, {
    backend,
    maxRows,
    rule,
    steps: settled.smallSteps,
    dropout,
    ...(averages ? { averages } : {}),
  });
  const [d, O] = [plan.inputs, plan.outputs];
  const input = zerosLike(theta, maxRows * d);
  const gradient = zerosLike(theta, maxRows * O);
  // In float64, so that a float32 gradient is rounded once.
  const own = new Float64Array(O);
  let last = Number.NaN;

  /** Losses of the drawn examples at outputs `f`, and the gradient of their weighted sum. */
  const score = (f: FloatArray, { examples, weights, rows }: Drawn): number => {
    let total = 0;
    for (let j = 0; j < rows; j++) {
      const targets = y.subarray(examples[j] * O, (examples[j] + 1) * O);
      total += loss.evaluate(f.subarray(j * O, (j + 1) * O), targets, own) / rows;
      for (let o = 0; o < O; o++) gradient[j * O + o] = weights[j] * own[o];
    }
    return total;
  };

  return {
    step(step) {
      const learningRate = rateAt(step);
      for (let n = step * svag; n < (step + 1) * svag; n++) {
        const drawn = draw.at(n);
        const { rows } = drawn;
        rowsOf(x, drawn, { columns: d, out: input });
        const value = score(chain.forward(input.subarray(0, rows * d), rows), drawn);
        if (!Number.isFinite(value)) throw diverged('is', { step, loss: last });
        last = value;
        chain.descend(gradient.subarray(0, rows * O), learningRate / svag);
      }
      return learningRate;
    },
    loss: () => last,
    checkpoint: (step) => {
      const found = { theta: chain.readParameters(), moments: chain.readAverages() };
      const what = notFinite(found);
      if (what) throw diverged(what, { step: step - 1, loss: last });
      return { ...identity, step, ...found };
    },
    dispose: () => chain.dispose(),
  };
}

/** Copies the drawn rows of a row-major matrix to the start of `out`. */
export function rowsOf(
  from: FloatArray,
  { examples, rows }: Drawn,
  { columns, out }: { readonly columns: number; readonly out: FloatArray },
): void {
  for (let j = 0; j < rows; j++) {
    for (let p = 0; p < columns; p++) out[j * columns + p] = from[examples[j] * columns + p];
  }
}

/** What of a checkpoint is not finite, in the words of an error. */
export function notFinite({ theta, moments }: Pick<Checkpoint, 'theta' | 'moments'>): string | undefined {
  if (!allFinite(theta)) return 'parameters are';
  // Squares overflow long before gradients do, and Adam divides by them: it would stand still.
  return moments.every((moment) => allFinite(moment)) ? undefined : 'running averages are';
}
