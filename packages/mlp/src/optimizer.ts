import { ArgumentError, checkChoice, checkNonNegative, checkPositive } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';

/** `v ← μ v + g`, `θ ← θ − η v`, or with `nesterov` `θ ← θ − η (g + μ v)`. Weight decay adds `λ θ` to `g`. */
export interface SgdOptimizer {
  readonly kind: 'sgd';
  /** μ; 0 unless told. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** λ; 0 unless told. */
  readonly weightDecay?: number;
}

/**
 * Kingma and Ba, "Adam: A Method for Stochastic Optimization". Weight decay is apart from the gradient, `θ ← θ − η λ θ`, as in
 * Loshchilov and Hutter, "Decoupled Weight Decay Regularization".
 */
export interface AdamOptimizer {
  readonly kind: 'adam';
  /** β₁; 0.9 unless told. */
  readonly beta1?: number;
  /** β₂; 0.999 unless told. */
  readonly beta2?: number;
  /** ε, beside the root; 1e-8 unless told. */
  readonly epsilon?: number;
  /** λ; 0 unless told. */
  readonly weightDecay?: number;
}

export type Optimizer = SgdOptimizer | AdamOptimizer;

/** An optimizer made ready: its settings as a name, and its running averages, which a checkpoint keeps. */
export interface Update {
  readonly name: string;
  /** Whether a step is `θ ← θ − η g` and nothing else. */
  readonly plain: boolean;
  readonly moments: readonly FloatArray[];
  /** Step number `step` (0 first), in place. */
  apply(theta: FloatArray, gradient: FloatArray, at: { readonly step: number; readonly rate: number }): void;
}

/** Checks an optimizer's settings; `empty` makes an array of zeros of the parameters' length and format. */
export function createUpdate(where: string, optimizer: Optimizer, empty: () => FloatArray): Update {
  checkChoice(where, 'options.optimizer.kind', optimizer.kind, ['sgd', 'adam']);
  const decay = checkNonNegative(where, 'options.optimizer.weightDecay', optimizer.weightDecay ?? 0);
  return optimizer.kind === 'sgd'
    ? sgd(where, optimizer, decay, empty)
    : adam(where, optimizer, decay, empty);
}

function sgd(where: string, optimizer: SgdOptimizer, decay: number, empty: () => FloatArray): Update {
  const momentum = checkFraction(where, 'options.optimizer.momentum', optimizer.momentum ?? 0);
  const nesterov = optimizer.nesterov ?? false;
  if (nesterov && momentum === 0) {
    throw new ArgumentError({
      where,
      argument: 'options.optimizer.momentum',
      wanted: 'above 0 for nesterov',
      got: momentum,
    });
  }
  const moments = momentum > 0 ? [empty()] : [];
  return {
    name: `sgd, momentum ${momentum}${nesterov ? ' (Nesterov)' : ''}, weight decay ${decay}`,
    plain: momentum === 0 && decay === 0,
    moments,
    apply(theta, gradient, { rate }) {
      const [v] = moments;
      for (let p = 0; p < theta.length; p++) {
        const g = gradient[p] + decay * theta[p];
        if (v) v[p] = momentum * v[p] + g;
        theta[p] -= rate * (v ? (nesterov ? g + momentum * v[p] : v[p]) : g);
      }
    },
  };
}

function adam(where: string, optimizer: AdamOptimizer, decay: number, empty: () => FloatArray): Update {
  const beta1 = checkFraction(where, 'options.optimizer.beta1', optimizer.beta1 ?? 0.9);
  const beta2 = checkFraction(where, 'options.optimizer.beta2', optimizer.beta2 ?? 0.999);
  const epsilon = checkPositive(where, 'options.optimizer.epsilon', optimizer.epsilon ?? 1e-8);
  const moments = [empty(), empty()];
  return {
    name: `adam, β₁ ${beta1}, β₂ ${beta2}, ε ${epsilon}, weight decay ${decay}`,
    plain: false,
    moments,
    apply(theta, gradient, { step, rate }) {
      const [m, v] = moments;
      const first = 1 - beta1 ** (step + 1);
      const second = 1 - beta2 ** (step + 1);
      for (let p = 0; p < theta.length; p++) {
        const g = gradient[p];
        m[p] = beta1 * m[p] + (1 - beta1) * g;
        v[p] = beta2 * v[p] + (1 - beta2) * g * g;
        theta[p] -= rate * (m[p] / first / (Math.sqrt(v[p] / second) + epsilon) + decay * theta[p]);
      }
    },
  };
}

function checkFraction(where: string, argument: string, value: number): number {
  if (!(value >= 0 && value < 1)) {
    throw new ArgumentError({ where, argument, wanted: 'at least 0 and below 1', got: value });
  }
  return value;
}
