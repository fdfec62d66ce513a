import { ArgumentError, UnavailableError } from '@sntk/errors';
import type { Backend } from '../backend.ts';
import type { DType } from '../tensor.ts';
import { type BackendCandidate, describeBackends, messageOf } from './describe-backends.ts';

export interface SelectOptions {
  /**
   * Names that are tried first, in this order, or `fastest`: all are measured as `describeBackends` does. Otherwise the
   * order of the candidates decides.
   */
  readonly prefer?: 'fastest' | (string & {}) | readonly string[];
  /** What the backend has to compute in, `float64` unless told. */
  readonly dtype?: DType;
  /** Told of each candidate that could not be taken, and why. */
  readonly onSkip?: (skipped: { readonly name: string; readonly reason: string }) => void;
}

/**
 * The backend to use: the first of the preferred candidates that is here and has the dtype, then the first of the others.
 *
 * With `fastest` every candidate is made; one that has to be disposed of, as threads are, is yours to end when it is not
 * taken: keep it in its `create`.
 *
 * Results of backends differ in their last digits, so name one instead where runs have to repeat bit by bit.
 *
 * @throws ArgumentError for a preferred name that no candidate has.
 * @throws UnavailableError when none is here, with the reason for each.
 * @example
 * ```ts
 * import { ndarrayBackend } from '@sntk/linalg';
 * import { selectBackend } from '@sntk/linalg/backends';
 *
 * const backend = await selectBackend(
 *   [
 *     { name: 'mine', create: () => { throw new Error('not installed'); } },
 *     { name: 'ndarray', create: ndarrayBackend },
 *   ],
 *   { prefer: 'mine', onSkip: ({ name, reason }) => console.log(`${name}: ${reason}`) }, // mine: not installed
 * );
 * console.log(backend.name); // ndarray
 * ```
 */
export async function selectBackend(
  candidates: readonly BackendCandidate[],
  options: SelectOptions = {},
): Promise<Backend> {
  const { prefer = [], dtype = 'float64', onSkip } = options;
  const reasons: string[] = [];
  const skip = (name: string, reason: string): void => {
    reasons.push(`${name}: ${reason}`);
    onSkip?.({ name, reason });
  };
  if (prefer === 'fastest') {
    let best: Backend | undefined;
    let speed = 0;
    for (const report of await describeBackends(candidates)) {
      const own = report.gflops[dtype];
      if (report.backend && own !== undefined && own > speed) {
        best = report.backend;
        speed = own;
      } else if (own === undefined) {
        skip(report.name, report.missing ?? `has no ${dtype}`);
      }
    }
    if (best) return best;
    throw none(dtype, reasons);
  }

  for (const candidate of inOrder(candidates, typeof prefer === 'string' ? [prefer] : prefer)) {
    try {
      const backend = await candidate.create();
      if (backend.dtypes.includes(dtype)) return backend;
      skip(candidate.name, `has no ${dtype}`);
    } catch (error) {
      skip(candidate.name, messageOf(error));
    }
  }
  throw none(dtype, reasons);
}

function inOrder(
  candidates: readonly BackendCandidate[],
  names: readonly string[],
): readonly BackendCandidate[] {
  const first = names.map((name) => {
    const found = candidates.find((one) => one.name === name);
    if (!found) {
      throw new ArgumentError({
        where: 'selectBackend',
        argument: 'options.prefer',
        wanted: `names of candidates (${candidates.map((one) => one.name).join(', ')})`,
        got: name,
      });
    }
    return found;
  });
  return [...first, ...candidates.filter((one) => !first.includes(one))];
}

function none(dtype: DType, reasons: readonly string[]): UnavailableError {
  return new UnavailableError(
    'selectBackend',
    `no candidate for ${dtype} is here (${reasons.length > 0 ? reasons.join('; ') : 'none was listed'})`,
  );
}
