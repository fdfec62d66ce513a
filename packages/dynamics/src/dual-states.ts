import { NumericalError } from '@sntk/errors';
import type { DualEnsemble } from './kernel-sgd.ts';

/** Numbers of a kernel that errors tell of. */
interface KernelSize {
  readonly samples: number;
  /** Its largest eigenvalue. */
  readonly largest: number;
}

/** States from a block `[N, 2, O·P]` that holds residuals, then coordinates, in each row. */
export function dualStates(
  where: string,
  both: Float64Array,
  options: KernelSize & { readonly paths: number },
): DualEnsemble {
  checkStates(where, both, options);
  const { samples, paths } = options;
  const columns = both.length / (2 * samples);
  const half = (first: number): Float64Array =>
    Float64Array.from(
      { length: samples * columns },
      (_, q) => both[(Math.floor(q / columns) * 2 + first) * columns + (q % columns)],
    );
  return { residual: half(0), alpha: half(1), paths };
}

/** Refuses states that have overflowed. */
export function checkStates(where: string, states: Float64Array, { samples, largest }: KernelSize): void {
  if (states.every(Number.isFinite)) return;
  throw new NumericalError({
    where,
    found: 'the residual is too large for a number',
    fix: `lower the learning rate; 2N/λ_max is ${((2 * samples) / largest).toPrecision(3)}`,
  });
}
