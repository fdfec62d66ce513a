import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';
import { matmul, showShape, type Tensor, tensor, toFloat64 } from '@sntk/linalg';

/**
 * Functions at any points from dual coordinates, `f_t(x) = f_0(x) + K(x, X) α`, MATH section 6.
 *
 * @param Kx the kernel between the points and the training points, `[M, N]`
 * @param alpha dual coordinates row-major `[N, P]`, one column a path
 * @param f0 the function at the points before training, `[M]`
 * @returns values row-major `[M, P]`
 * @throws ArgumentError when sizes do not fit or `alpha` is not finite.
 */
export function predict(Kx: Tensor, alpha: Float64Array, f0: Float64Array): Float64Array {
  const [M, N] = Kx.shape;
  checkLength('predict', 'f0', f0, M, 'one per row of Kx');
  checkFinite('predict', 'alpha', alpha);
  const P = alpha.length / N;
  if (!Number.isInteger(P)) {
    throw new ArgumentError({
      where: 'predict',
      argument: 'alpha',
      wanted: `of N·P entries for Kx of ${showShape(Kx.shape)}`,
      got: `length ${alpha.length}`,
    });
  }
  const values = toFloat64(matmul(Kx, tensor(alpha, { backend: Kx.backend, shape: [N, P] })));
  for (let i = 0; i < M; i++) for (let p = 0; p < P; p++) values[i * P + p] += f0[i];
  return values;
}
