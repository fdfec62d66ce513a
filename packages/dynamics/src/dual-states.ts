import { NumericalError } from '@sntk/errors';
import type { DualEnsemble } from './kernel-sgd.ts';

/** Residuals and coordinates of one or several outputs, at one or several times or the like. */
interface StateBlock {
  /** `[N, 2, O·P]`: in each row residuals, then coordinates. */
  readonly both: Float64Array;
  readonly samples: number;
  /** What 1 stands for in a residual. */
  readonly residualUnit: number;
  /** And in a coordinate of each path, `[P]`. */
  readonly alphaUnits: Float64Array;
  /** The largest eigenvalue of the kernel, which errors tell of. */
  readonly largest: number;
}

/** States from one block of both; refuses those that have overflowed. */
export function dualStates(where: string, block: StateBlock): DualEnsemble {
  const { both, samples, residualUnit, alphaUnits, largest } = block;
  const paths = alphaUnits.length;
  const columns = both.length / (2 * samples);
  const residual = new Float64Array(samples * columns);
  const alpha = new Float64Array(samples * columns);
  let [residualFinite, alphaFinite] = [true, true];
  for (let i = 0; i < samples; i++) {
    for (let q = i * columns; q < (i + 1) * columns; q++) {
      const from = q + i * columns;
      residual[q] = residualUnit * both[from];
      alpha[q] = alphaUnits[q % paths] * both[from + columns];
      residualFinite = residualFinite && Number.isFinite(residual[q]);
      alphaFinite = alphaFinite && Number.isFinite(alpha[q]);
    }
  }
  if (residualFinite && alphaFinite) return { residual, alpha, paths };
  if (residualFinite) {
    throw new NumericalError({
      where,
      found: 'α is too large for a number: modes of eigenvalue zero gather −t r/N',
      fix: 'take a shorter time, or scale r0 down',
    });
  }
  throw new NumericalError({
    where,
    found: 'the residual is too large for a number',
    fix: `lower the learning rate; 2N/λ_max is ${((2 * samples) / largest).toPrecision(3)}`,
  });
}
