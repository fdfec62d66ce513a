import { type ActivationDual, erfActivation, linear, relu } from '@sntk/architecture';
import { add, binary, mul, sub, type Tensor, unary } from '@sntk/linalg';

/** What the recursion carries of all pairs of points, a tensor for each number of `PairState`. */
export interface DevicePairs {
  /** Variances of the rows' points, `[N, 1]`, and of the columns', `[1, M]`. */
  readonly rows: Tensor;
  readonly columns: Tensor;
  /** `[N, M]`, and so are the rest. */
  readonly covariance: Tensor;
  /** `E (u − v)²`. */
  readonly distance: Tensor;
  readonly determinant: Tensor;
  readonly ntk: Tensor;
}

/** What an activation makes of them: the moments of its outputs, and `Ṫ`. */
export type DeviceMoments = Omit<DevicePairs, 'ntk'> & { readonly derivative: Tensor };

type DeviceDual = (pairs: DevicePairs) => DeviceMoments & Readonly<Record<string, Tensor>>;

/** Takes a number away from 0 before a division, and shows the sign of a cosine: float32 has 10⁻³⁸. */
const TINY = 1e-30;

/** atan(√u)/√u on [0, 1] to 1.6·10⁻⁸, by interpolation at Chebyshev's points. Shaders' own arcs are good to 10⁻⁴ or so. */
const ARCTANGENT = [
  0.9999999842, -0.3333306678, 0.1999248358, -0.142025705, 0.106367541, -0.07495445443, 0.04258760746,
  -0.0160050305, 0.002834064299,
];

/** (sin φ − φ cos φ)/φ³ in powers of φ², to 10⁻⁹ up to π/2. */
const SINE_MINUS_ARC = [1 / 3, -1 / 30, 1 / 840, -1 / 45360, 1 / 3991680, -1 / 518918400, 1 / 93405312000];

/** The tensor form of a dual, where there is one. */
export function deviceDual(dual: ActivationDual): DeviceDual | undefined {
  if (dual === relu.dual) return reluDual;
  if (dual === erfActivation.dual) return erfDual;
  if (dual === linear.dual) return linearDual;
  return undefined;
}

const linearDual: DeviceDual = ({ ntk: _, ...pairs }) => ({
  ...pairs,
  derivative: add(mul(pairs.covariance, 0), 1),
});

/**
 * Arc-cosine kernels of order 1 and 0 without branches. With φ the acute one of the angle and its supplement and
 * L = sin φ − φ cos φ, the kernel of order 1 is `max(c, 0)/2 + scale L/(2π)` for all angles.
 */
const reluDual: DeviceDual = (pairs) => {
  const { rows, columns, covariance: c, distance, determinant } = pairs;
  const scale = unary('sqrt', mul(rows, columns));
  const area = unary('sqrt', binary('maximum', determinant, 0));
  const phi = mul(arctangent(binary('div', area, binary('maximum', add(scale, unary('abs', c)), TINY))), 2);
  const square = unary('square', phi);
  const lost = mul(mul(phi, square), polynomial(square, SINE_MINUS_ARC));

  const covariance = add(mul(binary('maximum', c, 0), 0.5), mul(mul(scale, lost), 1 / (2 * Math.PI)));
  const some = binary('maximum', scale, TINY);
  const cosine = binary('div', c, some);
  const sign = binary('minimum', binary('maximum', mul(cosine, 1 / TINY), -1), 1);
  // 1/2 − θ/2π for the angle θ, which is φ or π − φ.
  const derivative = add(mul(sign, add(mul(phi, -1 / (2 * Math.PI)), 0.25)), 0.25);

  // scale/2 − T: 1 − cos θ is sin²φ/(1 + cos φ) for acute angles, and 1 with what is max(c, 0) above for obtuse ones.
  const sine = binary('div', area, some);
  const acute = binary('div', unary('square', sine), add(unary('abs', cosine), 1));
  const open = binary('maximum', acute, binary('maximum', mul(sign, -1), 0));
  const half = mul(scale, 0.5);
  const gap = mul(half, sub(open, mul(lost, 1 / Math.PI)));
  return {
    rows: mul(rows, 0.5),
    columns: mul(columns, 0.5),
    covariance,
    derivative,
    distance: sub(
      mul(add(distance, mul(binary('minimum', c, 0), 2)), 0.5),
      mul(mul(scale, lost), 1 / Math.PI),
    ),
    determinant: mul(gap, add(half, covariance)),
  };
};

/**
 * Williams' kernel `(2/π) asin(2c/√((1 + 2q)(1 + 2p)))`, the arc from its sine and its cosine, `√(1 + 2(q + p) + 4Γ)`
 * over the same root. Outputs are bounded, so distance and determinant are good to absolute precision.
 */
const erfDual: DeviceDual = ({ rows, columns, covariance: c, determinant }) => {
  const total = add(rows, columns);
  const root = unary('sqrt', mul(add(mul(rows, 2), 1), add(mul(columns, 2), 1)));
  const adjacent = unary('sqrt', add(add(mul(total, 2), mul(binary('maximum', determinant, 0), 4)), 1));
  const covariance = arcOf(mul(c, 2), adjacent, root);
  const own = (q: Tensor): Tensor => {
    const twice = add(mul(q, 2), 1);
    return arcOf(mul(q, 2), unary('sqrt', add(mul(q, 4), 1)), twice);
  };
  const [p, q] = [own(rows), own(columns)];
  return {
    rows: p,
    columns: q,
    covariance,
    derivative: mul(unary('reciprocal', adjacent), 4 / Math.PI),
    distance: binary('maximum', sub(add(p, q), mul(covariance, 2)), 0),
    determinant: binary('maximum', sub(mul(p, q), unary('square', covariance)), 0),
  };
};

/** (2/π) times the angle of a triangle with legs `opposite` and `adjacent` and the hypotenuse `root`. */
function arcOf(opposite: Tensor, adjacent: Tensor, root: Tensor): Tensor {
  return mul(arctangent(binary('div', opposite, add(root, adjacent))), 4 / Math.PI);
}

/** atan(t) for −1 ≤ t ≤ 1. */
function arctangent(t: Tensor): Tensor {
  return mul(t, polynomial(unary('square', t), ARCTANGENT));
}

/** Horner's rule; intermediate results are given back at once, because they are as large as the kernel. */
function polynomial(x: Tensor, coefficients: readonly number[]): Tensor {
  let product = mul(x, coefficients[coefficients.length - 1]);
  for (let k = coefficients.length - 2; k > 0; k--) {
    const sum = add(product, coefficients[k]);
    product.dispose();
    product = mul(sum, x);
    sum.dispose();
  }
  return add(product, coefficients[0]);
}
