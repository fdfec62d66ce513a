import { ACTIVATIONS, type Activation, linear, relu } from '@sntk/architecture';
import { UnavailableError } from '@sntk/errors';
import { add, binary, mul, sub, type Tensor, unary } from '@sntk/linalg';

/** An activation and its derivative by operations on tensors. */
interface DeviceActivation {
  value(h: Tensor): Tensor;
  derivative(h: Tensor): Tensor;
}

/** Beyond this tanh is ±1 in float32, and e^{2h} stays far from its limits. */
const SATURATED = 15;

const tanh = (h: Tensor): Tensor => {
  // (e^{2h} − 1)/(e^{2h} + 1), which keeps the digits near 0.
  const grown = unary('expm1', mul(clamp(h, SATURATED), 2));
  return binary('div', grown, add(grown, 2));
};

/** (1 + tanh(h/2))/2 */
const sigmoid = (h: Tensor): Tensor => mul(add(tanh(mul(h, 0.5)), 1), 0.5);

const KNOWN: ReadonlyMap<Activation, DeviceActivation> = new Map([
  [
    relu,
    {
      value: (h: Tensor) => binary('maximum', h, 0),
      derivative: step,
    },
  ],
  [linear, { value: (h: Tensor) => h, derivative: (h: Tensor) => add(mul(h, 0), 1) }],
  [ACTIVATIONS.tanh, { value: tanh, derivative: (h: Tensor) => add(mul(unary('square', tanh(h)), -1), 1) }],
  [
    ACTIVATIONS.sigmoid,
    {
      value: sigmoid,
      derivative(h: Tensor): Tensor {
        const s = sigmoid(h);
        return sub(s, unary('square', s));
      },
    },
  ],
]);

/**
 * The tensor form of an activation.
 *
 * @throws UnavailableError for one that has none.
 */
export function deviceActivation(where: string, activation: Activation): DeviceActivation {
  const known = KNOWN.get(activation);
  if (known) return known;
  const names = [...KNOWN.keys()].map((each) => each.name).join(', ');
  throw new UnavailableError(
    where,
    `devices have the activations ${names}, not ${activation.name}; train on a CPU backend`,
  );
}

/** 1 above 0, else 0, by operations that every backend has: from 1e-30 on a product with 1e30 is at least 1. */
function step(h: Tensor): Tensor {
  const raised = mul(binary('minimum', h, 1), 1e30);
  return binary('minimum', binary('maximum', raised, 0), 1);
}

function clamp(h: Tensor, bound: number): Tensor {
  return binary('minimum', binary('maximum', h, -bound), bound);
}
