import { ArgumentError } from '@sntk/errors';
import { add, binary, type ChainRule, mul, sub, type Tensor, unary } from '@sntk/linalg';

/** A parameter on a device, with the rule's running averages of its gradients. */
export interface DeviceParameter {
  readonly value: Tensor;
  readonly averages: readonly Tensor[];
}

/** The smallest float32 of full precision; devices take smaller ones for 0. */
const LEAST = 2 ** -126;

/** Throws for an ε of Adam that is 0 on a device, where it alone keeps 0/0 away. */
export function checkSingleRule(where: string, argument: string, rule: ChainRule): void {
  if (rule.kind !== 'adam' || rule.epsilon >= LEAST) return;
  const wanted = `at least ${LEAST}, for the float32 of a device`;
  throw new ArgumentError({ where, argument, wanted, got: rule.epsilon });
}

/** One step of a `ChainRule` by operations on tensors, for the gradient `scale · slope`. What was before stays as it is. */
export function stepOnDevice(
  rule: ChainRule,
  { value, averages }: DeviceParameter,
  slope: Tensor,
  options: { readonly scale: number; readonly steps: number; readonly rate: number },
): DeviceParameter {
  const { scale, steps, rate } = options;
  // A factor 1 − η λ of the parameter would lose its digits in float32.
  const decayed = (direction: Tensor): Tensor =>
    rule.weightDecay === 0 ? direction : add(direction, mul(value, rule.weightDecay));
  if (rule.kind === 'adam') {
    const { beta1, beta2, epsilon } = rule;
    const first = add(mul(averages[0], beta1), mul(slope, (1 - beta1) * scale));
    const second = add(mul(averages[1], beta2), mul(unary('square', mul(slope, scale)), 1 - beta2));
    const size = add(unary('sqrt', mul(second, 1 / (1 - beta2 ** (steps + 1)))), epsilon);
    const direction = decayed(binary('div', mul(first, 1 / (1 - beta1 ** (steps + 1))), size));
    return { value: sub(value, mul(direction, rate)), averages: [first, second] };
  }
  const { momentum, nesterov, weightDecay } = rule;
  if (momentum === 0 && weightDecay === 0) {
    return { value: sub(value, mul(slope, rate * scale)), averages: [] };
  }
  const gradient = decayed(mul(slope, scale));
  if (momentum === 0) return { value: sub(value, mul(gradient, rate)), averages: [] };
  const average = add(mul(averages[0], momentum), gradient);
  const direction = nesterov ? add(gradient, mul(average, momentum)) : average;
  return { value: sub(value, mul(direction, rate)), averages: [average] };
}
