import type { Backend } from '../backend.ts';
import { denseChainCases } from './dense-chain.ts';
import { eigenCases } from './eigen.ts';
import { elementwiseCases } from './elementwise.ts';
import { factorCases } from './factorizations.ts';
import { minibatchPathsCases } from './minibatch-paths.ts';
import { productCases } from './products.ts';
import { reluRecursionCases } from './relu-recursion.ts';
import { storageCases } from './storage.ts';
import { tridiagonalCases } from './tridiagonal.ts';

/** One demand on a backend. */
export interface ConformanceCase {
  readonly name: string;
  /** False when the backend does not have what the case is about; `run` then does nothing. */
  applies(backend: Backend): boolean;
  /** Throws with a message when the backend fails. */
  run(backend: Backend): Promise<void>;
}

/**
 * What every backend has to do, as cases for any test runner.
 *
 * Each operation is compared with plain float64 loops kept in this suite, to within `backend.tolerance` of its dtype.
 * Factorizations and fused kernels are tried when the backend has them.
 *
 * @example
 * ```ts
 * import { ndarrayBackend } from '@sntk/linalg';
 * import { conformanceCases } from '@sntk/linalg/conformance';
 *
 * const backend = ndarrayBackend();
 * const cases = conformanceCases().filter((one) => one.applies(backend));
 * for (const one of cases) await one.run(backend);
 * console.log(cases.length > 30); // true
 * ```
 */
export function conformanceCases(): readonly ConformanceCase[] {
  return [
    ...storageCases,
    ...elementwiseCases,
    ...productCases,
    ...factorCases,
    ...eigenCases,
    ...tridiagonalCases,
    ...denseChainCases,
    ...reluRecursionCases,
    ...minibatchPathsCases,
  ];
}
