import { ArgumentError, checkFinite, checkInteger, checkLength } from '@sntk/errors';

/** `ℓ'(f_i, y_i)` as a function of `r_i = f_i − y_i` and the number `i` of the example. For the squared loss it is `r_i`. */
export type LossSlope = (residual: number, example: number) => number;

/** A loss of all outputs of an example, such as those of `@sntk/mlp`: writes `∂ℓ/∂f` for outputs `f` and targets `y`, `[O]`. */
export interface OutputLoss {
  evaluate(f: Float64Array, y: Float64Array, gradient: Float64Array): number;
}

/** The loss of training, squared unless told, and the number of outputs. */
export interface LossOptions {
  /** `O`, 1 unless told: `r0` is then `[N, O]`, ensembles are `[N, O, P]`, and every output has the kernel `K`. */
  readonly outputs?: number;
  /** A loss that is a sum over outputs, by its slope. */
  readonly slope?: LossSlope;
  /** Any loss of the outputs of an example, in place of `slope`. */
  readonly loss?: OutputLoss;
  /** Targets `[N, O]` of `loss`. */
  readonly targets?: Float64Array;
}

/** Checked: the slopes of the residuals `[O]` of an example, written to `out`. */
export interface Slopes {
  readonly outputs: number;
  readonly squared: boolean;
  at(residuals: Float64Array, example: number, out: Float64Array): void;
}

/** Checks `r0` `[N, O]` and the loss, and gives its slopes. */
export function slopesOf(where: string, samples: number, r0: Float64Array, options: LossOptions): Slopes {
  const outputs = checkInteger(where, 'options.outputs', options.outputs ?? 1, 1);
  const meaning = outputs === 1 ? 'one per training point' : 'training points × outputs';
  checkLength(where, 'r0', r0, samples * outputs, meaning);
  checkFinite(where, 'r0', r0);
  const { slope, loss, targets } = options;
  if (loss && slope) {
    throw new ArgumentError({
      where,
      argument: 'options.loss',
      wanted: 'left out beside options.slope',
      got: 'both',
    });
  }
  if (loss) {
    checkLength(where, 'options.targets', targets ?? [], samples * outputs, meaning);
    checkFinite(where, 'options.targets', targets!);
    return { outputs, squared: false, at: withTargets(loss, targets!, outputs) };
  }
  if (slope) {
    return {
      outputs,
      squared: false,
      at: (r, i, out) => {
        for (let o = 0; o < outputs; o++) out[o] = slope(r[o], i);
      },
    };
  }
  return {
    outputs,
    squared: true,
    at: (r, _i, out) => {
      for (let o = 0; o < outputs; o++) out[o] = r[o];
    },
  };
}

function withTargets(loss: OutputLoss, targets: Float64Array, outputs: number): Slopes['at'] {
  const f = new Float64Array(outputs);
  const rows = Array.from({ length: targets.length / outputs }, (_, i) =>
    targets.subarray(i * outputs, (i + 1) * outputs),
  );
  return (r, i, out) => {
    for (let o = 0; o < outputs; o++) f[o] = r[o] + rows[i][o];
    loss.evaluate(f, rows[i], out);
  };
}

/** Slopes of a block of residuals `[N, O, P]`, written to `out` of the same shape. */
export function blockSlopes(slopes: Slopes, r: Float64Array, out: Float64Array, paths: number): void {
  const { outputs } = slopes;
  const given = new Float64Array(outputs);
  const found = new Float64Array(outputs);
  const stride = outputs * paths;
  for (let first = 0, i = 0; first < r.length; first += stride, i++) {
    for (let p = 0; p < paths; p++) {
      for (let o = 0; o < outputs; o++) given[o] = r[first + o * paths + p];
      slopes.at(given, i, found);
      for (let o = 0; o < outputs; o++) out[first + o * paths + p] = found[o];
    }
  }
}
