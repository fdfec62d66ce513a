/** Every minibatch of `b` of `N` examples with its probability, in all orders. */
export function* allMinibatches(
  N: number,
  b: number,
  replacement: boolean,
): Generator<{ readonly members: readonly number[]; readonly weight: number }> {
  let count = 1;
  for (let j = 0; j < b; j++) count *= replacement ? N : N - j;
  const digits = new Array<number>(b).fill(0);
  for (let index = 0; index < N ** b; index++) {
    if (replacement || new Set(digits).size === b) yield { members: [...digits], weight: 1 / count };
    for (let j = 0; j < b && ++digits[j] === N; j++) digits[j] = 0;
  }
}

/** Mean and covariance of a discrete law, entry by entry. */
export function momentsOf(law: Iterable<{ readonly value: ArrayLike<number>; readonly weight: number }>): {
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
} {
  const all = [...law];
  const n = all[0].value.length;
  const mean = new Float64Array(n);
  for (const { value, weight } of all) for (let m = 0; m < n; m++) mean[m] += weight * value[m];
  const covariance = new Float64Array(n * n);
  for (const { value, weight } of all) {
    for (let p = 0; p < n * n; p++) {
      const [m, k] = [Math.floor(p / n), p % n];
      covariance[p] += weight * (value[m] - mean[m]) * (value[k] - mean[k]);
    }
  }
  return { mean, covariance };
}

/** The largest difference of two arrays, relative to the largest entry of the second. */
export function gap(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [worst, largest] = [0, 0];
  for (let p = 0; p < wanted.length; p++) {
    worst = Math.max(worst, Math.abs(actual[p] - wanted[p]));
    largest = Math.max(largest, Math.abs(wanted[p]));
  }
  return actual.length === wanted.length ? worst / largest : Number.NaN;
}
