import type { PairSlopes } from './activation.ts';

/** By U, V and C. */
type Triple = readonly [byU: number, byV: number, byC: number];

/** What a kink adds to the derivatives of T and Ṫ by the angle. */
interface AngleParts {
  readonly covariance?: number;
  readonly derivative?: number;
}

/** From the slopes of φ at `inner² q` to those of `outer · φ(inner · h)` at q, for φ without kinks. */
export function scaleSlopes(out: PairSlopes, outer2: number, inner2: number): void {
  const [first, second] = [outer2 * inner2, outer2 * inner2 * inner2];
  out.covarianceU *= first;
  out.covarianceV *= first;
  out.covarianceC *= first;
  out.derivativeU *= second;
  out.derivativeV *= second;
  out.derivativeC *= second;
}

/** Writes the partial derivatives of T and Ṫ; those by the angle are 0 unless given. */
export function setSlopes(
  out: PairSlopes,
  { covariance, derivative }: { readonly covariance: Triple; readonly derivative: Triple },
  angle: AngleParts = {},
): void {
  [out.covarianceU, out.covarianceV, out.covarianceC] = covariance;
  [out.derivativeU, out.derivativeV, out.derivativeC] = derivative;
  out.covarianceAngle = angle.covariance ?? 0;
  out.derivativeAngle = angle.derivative ?? 0;
}
