import { type Schedule, showSchedule } from './schedule.ts';

/** What to do about divergence: the limit of the mean, above which no minibatch helps. */
export function rateAdvice(learningRate: Schedule, largest: number, samples: number): string {
  const limit = ((2 * samples) / largest).toPrecision(3);
  return `lower the learning rate, ${showSchedule(learningRate)}: 2N/λ_max is ${limit}, and the mean-square limit is at most that; see learningRateLimits`;
}

/** The largest eigenvalue of a positive semidefinite matrix, to a few digits, by power iteration. */
export function largestEigenvalue(k: Float64Array, samples: number): number {
  let v = Float64Array.from({ length: samples }, (_, i) => 1 + (i % 7) / 100);
  let size = 0;
  for (let iteration = 0; iteration < 60; iteration++) {
    const next = new Float64Array(samples);
    for (let i = 0; i < samples; i++) {
      for (let j = 0; j < samples; j++) next[i] += k[i * samples + j] * v[j];
    }
    size = Math.hypot(...next);
    if (size === 0) return 0;
    v = next.map((value) => value / size);
  }
  return size;
}
