import type { ChainRule } from './fused.ts';
import type { FloatArray } from './tensor.ts';

/** How many running averages a rule keeps. */
export function chainAverages(rule: ChainRule): number {
  return rule.kind === 'adam' ? 2 : rule.momentum > 0 ? 1 : 0;
}

/** Takes a step of a rule after `steps` others, in place, for a gradient of the parameters `theta`. */
export function applyChainRule(
  rule: ChainRule,
  theta: FloatArray,
  gradient: FloatArray,
  options: { readonly averages: readonly FloatArray[]; readonly steps: number; readonly rate: number },
): void {
  const { averages, steps, rate } = options;
  const [first, second] = averages;
  const { weightDecay } = rule;
  if (rule.kind === 'adam') {
    const { beta1, beta2, epsilon } = rule;
    const correction = 1 - beta1 ** (steps + 1);
    const correctionOfSquares = 1 - beta2 ** (steps + 1);
    for (let p = 0; p < theta.length; p++) {
      const g = gradient[p];
      first[p] = beta1 * first[p] + (1 - beta1) * g;
      second[p] = beta2 * second[p] + (1 - beta2) * g * g;
      const size = Math.sqrt(second[p] / correctionOfSquares) + epsilon;
      theta[p] -= rate * (first[p] / correction / size + weightDecay * theta[p]);
    }
    return;
  }
  const { momentum, nesterov } = rule;
  for (let p = 0; p < theta.length; p++) {
    let g = gradient[p] + weightDecay * theta[p];
    if (first) {
      first[p] = momentum * first[p] + g;
      g = nesterov ? g + momentum * first[p] : first[p];
    }
    theta[p] -= rate * g;
  }
}
