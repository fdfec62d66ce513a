import { ArgumentError, checkChoice, checkNonNegative, checkPositive } from '@sntk/errors';
import type { ChainRule } from '@sntk/linalg';

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

/** What a chain makes of gradients when nothing is said. */
export const PLAIN_SGD: ChainRule = { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 };

/** Checks an optimizer's settings and fills in those left out. */
export function ruleOf(where: string, optimizer: Optimizer): ChainRule {
  checkChoice(where, 'options.optimizer.kind', optimizer.kind, ['sgd', 'adam']);
  const weightDecay = checkNonNegative(where, 'options.optimizer.weightDecay', optimizer.weightDecay ?? 0);
  if (optimizer.kind === 'adam') {
    const beta1 = checkFraction(where, 'options.optimizer.beta1', optimizer.beta1 ?? 0.9);
    const beta2 = checkFraction(where, 'options.optimizer.beta2', optimizer.beta2 ?? 0.999);
    const epsilon = checkPositive(where, 'options.optimizer.epsilon', optimizer.epsilon ?? 1e-8);
    return { kind: 'adam', beta1, beta2, epsilon, weightDecay };
  }
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
  return { kind: 'sgd', momentum, nesterov, weightDecay };
}

/** A rule's settings in words. */
export function ruleName(rule: ChainRule): string {
  if (rule.kind === 'adam') {
    const { beta1, beta2, epsilon, weightDecay } = rule;
    return `adam, β₁ ${beta1}, β₂ ${beta2}, ε ${epsilon}, weight decay ${weightDecay}`;
  }
  const { momentum, nesterov, weightDecay } = rule;
  return `sgd, momentum ${momentum}${nesterov ? ' (Nesterov)' : ''}, weight decay ${weightDecay}`;
}

function checkFraction(where: string, argument: string, value: number): number {
  if (!(value >= 0 && value < 1)) {
    throw new ArgumentError({ where, argument, wanted: 'at least 0 and below 1', got: value });
  }
  return value;
}
