import { checkChoice, checkInteger, checkNonNegative, checkPositive } from '@sntk/errors';

/**
 * η of step `k` (0 first).
 *
 * - a number: the same at every step;
 * - `cosine`: rises in a line over `warmup` steps, then falls along half a cosine to `final` (0 unless told) at step `steps`;
 * - `staircase`: `initial · factor^⌊k/every⌋`;
 * - `exponential`: `initial · factor^(k/every)`;
 * - any function of the step.
 */
export type LearningRate =
  | number
  | {
      readonly kind: 'cosine';
      readonly initial: number;
      readonly final?: number;
      readonly steps: number;
      readonly warmup?: number;
    }
  | {
      readonly kind: 'staircase' | 'exponential';
      readonly initial: number;
      readonly factor: number;
      readonly every: number;
    }
  | ((step: number) => number);

/** Checks a schedule and makes it a function of the step. */
export function rateOf(where: string, rate: LearningRate): (step: number) => number {
  const argument = 'options.learningRate';
  if (typeof rate === 'function') {
    return (step) => checkNonNegative(where, `${argument}(${step})`, rate(step));
  }
  if (typeof rate !== 'object' || rate === null) {
    checkPositive(where, argument, rate);
    return () => rate;
  }
  checkChoice(where, `${argument}.kind`, rate.kind, ['cosine', 'staircase', 'exponential']);
  const initial = checkPositive(where, `${argument}.initial`, rate.initial);
  if (rate.kind !== 'cosine') {
    const factor = checkPositive(where, `${argument}.factor`, rate.factor);
    const every = checkInteger(where, `${argument}.every`, rate.every, 1);
    const whole = rate.kind === 'staircase' ? Math.floor : (k: number) => k;
    return (step) => initial * factor ** whole(step / every);
  }
  const final = checkNonNegative(where, `${argument}.final`, rate.final ?? 0);
  const warmup = checkInteger(where, `${argument}.warmup`, rate.warmup ?? 0);
  const steps = checkInteger(where, `${argument}.steps`, rate.steps, warmup + 1);
  return (step) => {
    if (step < warmup) return (initial * (step + 1)) / (warmup + 1);
    const done = Math.min(1, (step - warmup) / (steps - warmup));
    return final + ((initial - final) * (1 + Math.cos(Math.PI * done))) / 2;
  };
}
