/**
 * Two jointly Gaussian pre-activations `(u, v)` of mean zero.
 *
 * `distance` and `determinant` follow from the other three, but are carried separately: for nearly equal, parallel or
 * opposite inputs the differences that define them have no correct digits left.
 */
export interface GaussianPair {
  readonly varianceU: number;
  readonly varianceV: number;
  readonly covariance: number;
  /** `E (u − v)² = varianceU + varianceV − 2 covariance`. */
  readonly distance: number;
  /** `varianceU · varianceV − covariance²`. */
  readonly determinant: number;
}

/** Where a dual writes its results: one object, reused over millions of pairs. */
export interface PairMoments {
  /** `T_φ = E[φ(u) φ(v)]`. */
  covariance: number;
  /** `Ṫ_φ = E[φ'(u) φ'(v)]`. */
  derivative: number;
  /** `E (φ(u) − φ(v))²`. */
  distance: number;
  /** `E φ(u)² · E φ(v)² − T_φ²`. */
  determinant: number;
}

/**
 * Partial derivatives of `T` and `Ṫ` by the pair's variances, covariance and angle θ = acos ρ.
 *
 * What a kink at 0 adds grows without bound as ρ → ±1 when written in the covariance, and is plain in θ: it stands under
 * `Angle`, to be multiplied by dθ; everything else is at fixed `Angle` part.
 */
export interface PairSlopes {
  covarianceU: number;
  covarianceV: number;
  /** `Ṫ` itself. */
  covarianceC: number;
  covarianceAngle: number;
  derivativeU: number;
  derivativeV: number;
  derivativeC: number;
  derivativeAngle: number;
}

/** Partial derivatives of `E (φ(u) − φ(v))²` by the variances, the distance and the angle of the pair. */
export interface DistanceSlopes {
  distanceU: number;
  distanceV: number;
  distanceD: number;
  distanceAngle: number;
}

/** The Gaussian expectations of an activation that the kernels' recursions need (MATH section 2), in closed form. */
export interface ActivationDual {
  /** `T_φ` and `Ṫ_φ` of one pre-activation of variance `q`, that is of `u = v`. */
  diagonal(q: number): { readonly covariance: number; readonly derivative: number };
  /** The same of a pair, accurate also where `u` and `v` are nearly equal or opposite. Writes to `out`. */
  pair(pair: GaussianPair, out: PairMoments): void;
  /**
   * Gives a `pair` for many pairs in a row, best with the same `varianceU` one after the other, that is faster than the
   * careful one and within 1e-12 of `√(E φ(u)² E φ(v)²)` and `√(E φ'(u)² E φ'(v)²)`.
   */
  many?(): ActivationDual['pair'];
  /**
   * How T and Ṫ move with the pair, for gradients of kernels: `∂T/∂c = E[φ'φ']`, `∂T/∂q = ½ E[φ''(u) φ(v)]`, and the same
   * of Ṫ. Writes to `out`. Not a number where a derivative does not exist: variances of 0 beside a kink.
   */
  slopes?(pair: GaussianPair, out: PairSlopes): void;
  /** The same of the distance, where it has to keep its digits for nearly equal `u` and `v`: kinks. */
  distanceSlopes?(pair: GaussianPair, out: DistanceSlopes): void;
}

/** An activation φ with its derivatives: the one definition that finite networks and kernels share. */
export interface Activation {
  /** Unique; a backend may have its own code for a name it knows. */
  readonly name: string;
  value(h: number): number;
  /** φ'. At a kink, the value from the left or 0, as training code has it. */
  derivative(h: number): number;
  /** φ'' where it exists; 0 at a kink. */
  secondDerivative(h: number): number;
  /** False for activations with kinks, such as ReLU, to which C² theorems do not apply. */
  readonly twiceDifferentiable: boolean;
  readonly dual?: ActivationDual;
}
