import { ACTIVATIONS, type Activation, linear, relu } from '@sntk/architecture';
import { UnavailableError } from '@sntk/errors';
import { add, binary, mul, sub, type Tensor, unary } from '@sntk/linalg';

/** An activation and its derivative by operations on tensors. */
export interface DeviceActivation {
  value(h: Tensor): Tensor;
  derivative(h: Tensor): Tensor;
}

/** Beyond this tanh is ±1 in float32, and e^{2h} stays far from its limits. */
const SATURATED = 15;

const positive = (h: Tensor): Tensor => binary('maximum', h, 0);
const negative = (h: Tensor): Tensor => binary('minimum', h, 0);

const tanh = (h: Tensor): Tensor => {
  // (e^{2h} − 1)/(e^{2h} + 1), which keeps the digits near 0.
  const grown = unary('expm1', mul(clamp(h, SATURATED), 2));
  return binary('div', grown, add(grown, 2));
};

/** `1/(1 + e^{−h})` as min(1, eʰ)/(1 + e^{−|h|}), which neither overflows nor loses digits. */
export function sigmoid(h: Tensor): Tensor {
  return binary('div', unary('exp', negative(h)), add(decayed(h), 1));
}

/** `log(1 + eʰ)` */
export function softplus(h: Tensor): Tensor {
  return add(positive(h), unary('log', add(decayed(h), 1)));
}

/** `e^{−|h|}` */
const decayed = (h: Tensor): Tensor => unary('exp', unary('neg', unary('abs', h)));

/** Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26: within 1.5·10⁻⁷. */
const ERF = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];

function erf(h: Tensor): Tensor {
  const size = unary('abs', h);
  const t = unary('reciprocal', add(mul(size, 0.3275911), 1));
  const series = ERF.slice(0, -1).reduceRight((sum, a) => mul(t, add(sum, a)), mul(t, ERF[4]));
  const missing = mul(series, unary('exp', unary('neg', unary('square', h))));
  const sign = sub(step(h), step(unary('neg', h)));
  return mul(sign, add(unary('neg', missing), 1));
}

/** Φ, the distribution function of a standard normal. */
const normal = (h: Tensor): Tensor => mul(add(erf(mul(h, Math.SQRT1_2)), 1), 0.5);

const density = (h: Tensor, scale: number): Tensor =>
  mul(unary('exp', mul(unary('square', h), -scale)), Math.sqrt(scale / Math.PI));

/** `above · h` for positive `h`, `below · h` else. */
const broken = (above: number, below: number): DeviceActivation => ({
  value: (h) => add(mul(positive(h), above), mul(negative(h), below)),
  derivative: (h) => add(mul(step(h), above - below), below),
});

/** `scale · h` for positive `h`, `scale · depth (e^h − 1)` else. */
const exponentialLinear = ({ value }: Activation): DeviceActivation => {
  const scale = value(1);
  // At −∞ it is −scale · depth.
  const depth = -value(Number.NEGATIVE_INFINITY) / scale;
  return {
    value: (h) => add(mul(positive(h), scale), mul(unary('expm1', negative(h)), scale * depth)),
    derivative(h) {
      const below = mul(unary('exp', negative(h)), scale * depth);
      return add(below, mul(step(h), scale * (1 - depth)));
    },
  };
};

const KNOWN: ReadonlyMap<Activation, DeviceActivation> = new Map([
  [relu, { value: positive, derivative: step }],
  [ACTIVATIONS.leakyRelu, broken(1, -ACTIVATIONS.leakyRelu.value(-1))],
  [ACTIVATIONS.absolute, broken(1, -1)],
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
  [
    ACTIVATIONS.silu,
    {
      value: (h: Tensor) => mul(h, sigmoid(h)),
      derivative(h: Tensor): Tensor {
        const s = sigmoid(h);
        return add(s, mul(h, sub(s, unary('square', s))));
      },
    },
  ],
  [ACTIVATIONS.softplus, { value: softplus, derivative: sigmoid }],
  [ACTIVATIONS.elu, exponentialLinear(ACTIVATIONS.elu)],
  [ACTIVATIONS.selu, exponentialLinear(ACTIVATIONS.selu)],
  [ACTIVATIONS.erf, { value: erf, derivative: (h: Tensor) => mul(density(h, 1), 2) }],
  [
    ACTIVATIONS.gelu,
    {
      value: (h: Tensor) => mul(h, normal(h)),
      derivative: (h: Tensor) => add(normal(h), mul(h, density(h, 0.5))),
    },
  ],
]);

/**
 * The tensor form of an activation that is not linear.
 *
 * @throws UnavailableError for one that has none.
 */
export function deviceActivation(where: string, activation: Activation): DeviceActivation {
  const known = KNOWN.get(activation);
  if (known) return known;
  const names = [linear, ...KNOWN.keys()].map((each) => each.name).join(', ');
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
