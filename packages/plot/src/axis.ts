import { textWidth } from './text.ts';
import { linearTicks, logTicks, type Tick } from './ticks.ts';

/** A numeric axis laid out along pixels. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly Tick[];
  /** The pixel of a value; values beyond the ends are moved onto them. */
  readonly at: (value: number) => number;
}

/** The font size of tick labels. */
export const TICK_FONT = 8.5;

/** Round ticks on [low, high], as many as `count` as long as their labels, set side by side, fit into `length` pixels. */
export function sideBySideTicks(
  low: number,
  high: number,
  log: boolean,
  count: number,
  length: number,
): Tick[] {
  for (let n = count; ; n--) {
    const ticks = (log ? logTicks : linearTicks)(low, high, n);
    const room = ticks.reduce(
      (sum, tick) => sum + (tick.label ? textWidth(tick.label, TICK_FONT) + 5 : 0),
      0,
    );
    if (room <= length || n <= 1) return ticks;
  }
}

/** The span of the values with a margin on both sides; a single value gets room around it. */
export function paddedSpan(values: readonly number[], log: boolean): [low: number, high: number] {
  const to = log ? Math.log10 : (v: number) => v;
  const from = log ? (v: number) => 10 ** v : (v: number) => v;
  const low = to(values.reduce((a, b) => Math.min(a, b)));
  const high = to(values.reduce((a, b) => Math.max(a, b)));
  const margin = high > low ? 0.045 * (high - low) : log ? 0.3 : Math.abs(high) * 0.1 || 1;
  return [from(low - margin), from(high + margin)];
}

/** A scale from the pixel `start` (the low end) to the pixel `end`. */
export function axisScale(
  span: readonly [number, number],
  log: boolean,
  ticks: readonly Tick[],
  start: number,
  end: number,
): Scale {
  const [low, high] = span;
  const to = log ? Math.log : (v: number) => v;
  const slope = (end - start) / (to(high) - to(low));
  return {
    low,
    high,
    ticks,
    at: (value) => start + (to(Math.min(Math.max(value, low), high)) - to(low)) * slope,
  };
}
