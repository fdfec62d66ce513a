import { type Backend, type ChainRule, type FloatArray, type Tensor, tensor, toArray } from '@sntk/linalg';
import { pullBack } from './backward.ts';
import { tensorLike, zerosLike } from './jet.ts';
import type { Loss } from './losses.ts';
import { runPass } from './pass.ts';
import type { Plan } from './plan.ts';

/** More examples than these are left out: they change the largest eigenvalue little. */
const MOST = 500;
const ITERATIONS = 30;

/**
 * The rate below which full-batch steps at `theta` contract along every eigenvector of the tangent kernel:
 * `2 (1 + μ)/(c λ + weight decay)`, with `λ` the largest eigenvalue of `Θ̂/N`, by power iteration, and `c` the loss's curvature;
 * `2 (1 + μ)/(1 + 2μ)` instead for Nesterov momentum. Nothing where there is no such bound.
 */
export function stableRate(
  plan: Plan,
  theta: FloatArray,
  options: {
    /** Inputs, row-major. */
    readonly x: FloatArray;
    readonly backend: Backend;
    readonly loss: Loss;
    readonly rule: ChainRule;
  },
): number | undefined {
  const { x, backend, loss, rule } = options;
  if (rule.kind !== 'sgd' || loss.curvature === undefined) return undefined;
  const examples = x.length / plan.inputs;
  const N = Math.min(MOST, examples);
  const rows = zerosLike(theta, N * plan.inputs);
  for (let i = 0; i < N; i++) {
    const from = Math.floor((i * examples) / N) * plan.inputs;
    rows.set(x.subarray(from, from + plan.inputs), i * plan.inputs);
  }
  const X = tensor(rows, { backend, shape: [N, plan.inputs] });
  const lambda = topEigenvalue(plan, theta, X) / N;
  const momentum = (2 * (1 + rule.momentum)) / (rule.nesterov ? 1 + 2 * rule.momentum : 1);
  const rate = momentum / (loss.curvature * lambda + rule.weightDecay);
  return Number.isFinite(rate) ? rate : undefined;
}

/** The largest eigenvalue of the tangent kernel at `X`, all outputs coupled. */
function topEigenvalue(plan: Plan, theta: FloatArray, X: Tensor): number {
  const pass = runPass(plan, theta, X, { unchecked: true });
  const { output } = pass;
  // No eigenvector of a kernel is likely to be orthogonal to all of these.
  let v = tensorLike(
    output.value,
    toArray(output.value).map((_, i) => 1 + 0.5 * Math.cos(i * i)),
  );
  let lambda = 0;
  for (let k = 0; k < ITERATIONS; k++) {
    const norm = Math.sqrt(squareOf(v));
    // Beyond the range of numbers nothing is known.
    if (!Number.isFinite(norm)) return Number.NaN;
    if (norm === 0) return lambda;
    const unit = tensorLike(
      v,
      toArray(v).map((value) => value / norm),
    );
    const direction = pullBack(pass, unit);
    v = runPass(plan, theta, X, { direction, unchecked: true }).output.first!;
    // The length of Θ̂ v for a unit vector, which comes to the eigenvalue from below.
    lambda = squareOf(v) ** 0.5;
  }
  return lambda;
}

function squareOf(a: Tensor): number {
  let sum = 0;
  for (const value of toArray(a)) sum += value * value;
  return sum;
}
