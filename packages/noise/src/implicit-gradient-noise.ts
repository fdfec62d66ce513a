import { ArgumentError, checkFinite, checkInteger, checkLength } from '@sntk/errors';
import { type FloatArray, showShape, syrk, type Tensor, tensor, toArray } from '@sntk/linalg';
import { allocate, checkSize, type NoiseCovariance } from './covariance.ts';
import { checkMatrix } from './kernel-columns.ts';
import { type NoiseLaw, resolveLaw } from './noise-law.ts';

/** A network at some examples, known by its products with the Jacobian. */
export interface GradientProducts {
  /** `P`. */
  readonly parameters: number;
  /** `∂ℓ_i/∂f(x_i)`, `[N, O]`: the residuals, for squared loss. */
  readonly slopes: Tensor;
  /** `J v`, `[N, O]`, for a direction `v` `[P]`. */
  readonly jvp: (tangent: FloatArray) => Tensor;
  /** `Jᵀ w`, `[P]`, for weights `w` `[N, O]`. */
  readonly vjp: (cotangent: Tensor) => FloatArray;
}

/**
 * `Cov(ĝ)` over the parameters of a network, MATH (22)–(25), without the gradients of the examples: a product costs one
 * `jvp` and one `vjp`, a sample one `vjp`. It is `gradientNoise` for networks whose `N · P` numbers no memory holds.
 *
 * `diagonal`, `trace` and `toDense` need every example's gradient and take one `vjp` a member; `toDense` holds them all.
 *
 * @throws ArgumentError for slopes that are not finite, a minibatch that cannot be drawn, and members that are not examples.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { initialize, jvp, vjp } from '@sntk/mlp';
 * import { implicitGradientNoise } from '@sntk/noise';
 * import { createRng } from '@sntk/random';
 *
 * const network = fullyConnected({ inputs: 1, hidden: [64] });
 * const rng = createRng(1);
 * const theta = initialize(network, { rng });
 * const backend = ndarrayBackend();
 * const X = tensor([[-1], [0], [1]], { backend });
 * const slopes = tensor([[0.5], [-1], [0.2]], { backend });
 * const noise = implicitGradientNoise(
 *   {
 *     parameters: theta.length,
 *     slopes,
 *     jvp: (tangent) => jvp(network, theta, { X, tangent }),
 *     vjp: (cotangent) => vjp(network, theta, { X, cotangent }),
 *   },
 *   { kind: 'exact', batch: 2 },
 * );
 * console.log(noise.size, noise.sample(rng).length); // 193 193
 * ```
 */
export function implicitGradientNoise(products: GradientProducts, law: NoiseLaw): NoiseCovariance {
  const where = 'implicitGradientNoise';
  const { slopes } = products;
  const P = checkInteger(where, 'products.parameters', products.parameters, 1);
  checkMatrix(where, 'products.slopes', slopes);
  const [N, O] = slopes.shape;
  const { backend, dtype } = slopes;
  const s = toArray(slopes);
  checkFinite(where, 'products.slopes', s);
  const { members, scale, centred } = resolveLaw(where, law, N);
  const b = members.length;

  /** `scale Gᵀ w` over the members, `w` centred where the law is. */
  function combine(w: Float64Array): FloatArray {
    const mean = centred ? w.reduce((sum, value) => sum + value / b, 0) : 0;
    const cotangent = new Float64Array(N * O);
    members.forEach((i, j) => {
      for (let o = 0; o < O; o++) cotangent[i * O + o] += scale * (w[j] - mean) * s[i * O + o];
    });
    const out = products.vjp(tensor(cotangent, { backend, dtype, shape: [N, O] }));
    checkLength(where, 'products.vjp(…)', out, P, 'one a parameter');
    checkFinite(where, 'products.vjp(…)', out);
    return out;
  }

  /** `scale G v` over the members. */
  function project(v: FloatArray): Float64Array {
    const response = toArray(products.jvp(v));
    checkLength(where, 'products.jvp(…)', response, N * O, 'as slopes');
    checkFinite(where, 'products.jvp(…)', response);
    return Float64Array.from(members, (i) => {
      let sum = 0;
      for (let o = 0; o < O; o++) sum += s[i * O + o] * response[i * O + o];
      return scale * sum;
    });
  }

  /** Every column of the factor in turn. */
  function* columns(): Generator<FloatArray> {
    for (let j = 0; j < b; j++) {
      const w = new Float64Array(b);
      w[j] = 1;
      yield combine(w);
    }
  }

  const diagonal = (): Float64Array => {
    const out = new Float64Array(P);
    for (const column of columns()) for (let p = 0; p < P; p++) out[p] += column[p] * column[p];
    return out;
  };
  return {
    size: P,
    backend,
    dtype,
    apply(x) {
      checkOperand(x, P, slopes);
      const q = x.shape[1];
      const from = toArray(x);
      const out = new Float64Array(P * q);
      for (let k = 0; k < q; k++) {
        const v = dtype === 'float32' ? new Float32Array(P) : new Float64Array(P);
        for (let p = 0; p < P; p++) v[p] = from[p * q + k];
        const image = combine(project(v));
        for (let p = 0; p < P; p++) out[p * q + k] = image[p];
      }
      return tensor(out, { backend, dtype, shape: [P, q] });
    },
    toDense() {
      checkSize(where, P, P);
      const F = allocate(where, b, P);
      let at = 0;
      for (const column of columns()) F.set(column, P * at++);
      return syrk(tensor(F, { backend, dtype, shape: [b, P] }), { transpose: true });
    },
    sample(rng) {
      const xi = new Float64Array(b);
      rng.fillNormal(xi);
      return Float64Array.from(combine(xi));
    },
    diagonal,
    trace: () => diagonal().reduce((sum, variance) => sum + variance, 0),
  };
}

function checkOperand(x: Tensor, P: number, { backend, dtype }: Tensor): void {
  if (x.shape.length === 2 && x.shape[0] === P && x.backend === backend && x.dtype === dtype) return;
  throw new ArgumentError({
    where: 'implicitGradientNoise(…).apply',
    argument: 'x',
    wanted: `of ${P} rows on backend ${backend.name} (${dtype})`,
    got: `${showShape(x.shape)} on ${x.backend.name} (${x.dtype})`,
  });
}
