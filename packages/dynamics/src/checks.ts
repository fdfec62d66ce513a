import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';
import { prepare, showShape, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { checkSymmetric } from '@sntk/linalg/extending';

/** What an ensemble may need at its peak. */
const MEMORY_LIMIT = 8 * 2 ** 30;

/** The entries of a kernel on the training points: square, finite, symmetric. */
export function kernelEntries(
  where: string,
  K: Tensor,
): { readonly samples: number; readonly k: Float64Array } {
  const samples = K.shape[0];
  if (K.shape.length !== 2 || K.shape[1] !== samples) {
    throw new ArgumentError({ where, argument: 'K', wanted: 'a square matrix', got: showShape(K.shape) });
  }
  const k = toFloat64(K);
  checkSymmetric(where, samples, k, 'K');
  return { samples, k };
}

/** Throws unless `r0` `[N, O]` is finite and of that size. */
export function checkResidual(where: string, r0: Float64Array, samples: number, outputs: number): void {
  const whose = outputs === 1 ? 'one per training point' : `${outputs} per training point`;
  checkLength(where, 'r0', r0, samples * outputs, whose);
  checkFinite(where, 'r0', r0);
}

/** Refuses an ensemble whose `copies` arrays `[N, O, P]` would not fit in memory, saying what it needs. */
export function checkEnsembleMemory(
  where: string,
  options: {
    readonly samples: number;
    readonly outputs: number;
    readonly paths: number;
    readonly copies: number;
  },
): void {
  const { samples, outputs, paths, copies } = options;
  const bytes = 8 * samples * outputs * paths * copies;
  if (bytes <= MEMORY_LIMIT) return;
  throw new ArgumentError({
    where,
    argument: 'options.paths',
    wanted: `so few that an ensemble fits in ${MEMORY_LIMIT / 2 ** 30} GiB`,
    got: `${paths} paths of ${samples} points, which need ${(bytes / 2 ** 30).toPrecision(3)} GiB`,
    fix: 'run blocks of paths (firstPath) and keep what you need of each, or take dualMoments',
  });
}

/** `r_0 + K α` for blocks `[N, O, P]`. */
export function residualsOf(
  K: Tensor,
  r0: Float64Array,
  outputs: number,
): { at(alpha: Float64Array): Float64Array; dispose(): void } {
  const kernel = prepare(K);
  const N = r0.length / outputs;
  return {
    at: (alpha) => {
      const paths = alpha.length / r0.length;
      const block = tensor(alpha, { backend: K.backend, dtype: K.dtype, shape: [N, outputs * paths] });
      const r = toFloat64(kernel.times(block));
      for (let q = 0; q < r.length; q++) r[q] += r0[Math.floor(q / paths)];
      return r;
    },
    dispose: () => kernel.dispose(),
  };
}
