import { threefry4x32 } from '../src/threefry.ts';

/** Complementary error function to 1.2e-7, by the Chebyshev fit of Press et al., "Numerical Recipes". */
function erfc(x: number): number {
  const z = Math.abs(x);
  const t = 1 / (1 + z / 2);
  const c = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ];
  const poly = c.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  const value = t * Math.exp(-z * z + poly);
  return x >= 0 ? value : 2 - value;
}

export function normalCdf(x: number): number {
  return 0.5 * erfc(-x / Math.SQRT2);
}

/** √n times Kolmogorov's distance between the sample and `cdf`; above 1.9495 once in 1,000 samples. */
export function kolmogorov(sample: Float64Array, cdf: (x: number) => number): number {
  const sorted = Float64Array.from(sample).sort();
  const n = sorted.length;
  let distance = 0;
  for (let i = 0; i < n; i++) {
    const p = cdf(sorted[i]);
    distance = Math.max(distance, (i + 1) / n - p, p - i / n);
  }
  return Math.sqrt(n) * distance;
}

/** Pearson's statistic of counts against equal expectations, in standard deviations from its mean. */
export function chiSquareScore(counts: readonly number[] | Int32Array): number {
  const cells = counts.length;
  let total = 0;
  for (const count of counts) total += count;
  const expected = total / cells;
  let statistic = 0;
  for (const count of counts) statistic += (count - expected) ** 2 / expected;
  return (statistic - (cells - 1)) / Math.sqrt(2 * (cells - 1));
}

/** Threefry of four counter words under four key words, as an array. */
export function threefry(counter: readonly number[], key: readonly number[]): number[] {
  const out = new Uint32Array(4);
  threefry4x32(Uint32Array.from(key), counter[0], counter[1], counter[2], counter[3], out);
  return [...out];
}
