import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';
import { matmul, showShape, type Tensor, tensor, toFloat64 } from '@sntk/linalg';

/**
 * Functions at any points from dual coordinates, `f_t(x) = f_0(x) + K(x, X) α`, MATH section 6.
 *
 * @param Kx the kernel between the points and the training points, `[M, N]`
 * @param alpha dual coordinates row-major `[N, P]`, one column a path, or `[N, O, P]`
 * @param f0 the function at the points before training, `[M]`, or `[M, O]`
 * @returns values row-major `[M, P]`, or `[M, O, P]`
 * @throws ArgumentError when sizes do not fit or `alpha` is not finite.
 */
export function predict(Kx: Tensor, alpha: Float64Array, f0: Float64Array): Float64Array {
  const [M, N] = Kx.shape;
  checkFinite('predict', 'alpha', alpha);
  checkFinite('predict', 'f0', f0);
  const outputs = f0.length / M;
  if (!Number.isInteger(outputs) || outputs === 0) checkLength('predict', 'f0', f0, M, 'one per row of Kx');
  const columns = alpha.length / N;
  if (!Number.isInteger(columns / outputs)) {
    throw new ArgumentError({
      where: 'predict',
      argument: 'alpha',
      wanted: `of N·O·P entries for Kx of ${showShape(Kx.shape)} and O = ${outputs}`,
      got: `length ${alpha.length}`,
    });
  }
  const values = toFloat64(matmul(Kx, tensor(alpha, { backend: Kx.backend, shape: [N, columns] })));
  const paths = columns / outputs;
  for (let q = 0; q < values.length; q++) values[q] += f0[Math.floor(q / paths)];
  return values;
}
