import { ArgumentError, checkFinite, checkLength, checkPositive } from '@sntk/errors';

/** A lower and an upper value for each point of a series. */
export interface Interval {
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

/** One line of a chart. */
export interface Series {
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** A shaded band around the line. */
  readonly band?: Interval;
  /** Error bars at the points. */
  readonly bars?: Interval;
  /** Drawn as a thin grey line without markers, for a slope or a bound to compare with; each one of a chart has dashes of its own. */
  readonly reference?: boolean;
}

/** An axis: its label with the unit, and whether it is logarithmic. */
export interface ChartAxis {
  readonly label: string;
  readonly log?: boolean;
}

/** What `lineChart` draws. */
export interface LineChartOptions {
  readonly series: readonly Series[];
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly title?: string;
  /** Width in pixels; 380 unless told, a figure one column wide. */
  readonly width?: number;
  /** Height in pixels; 280 unless told. */
  readonly height?: number;
}

/** Throws unless the options describe a chart that can be drawn. */
export function checkChartOptions(where: string, options: LineChartOptions): void {
  const { series } = options;
  if (!Array.isArray(series) || series.length === 0) {
    throw new ArgumentError({ where, argument: 'options.series', wanted: 'one series or more', got: series });
  }
  series.forEach((one: Series, k) => {
    const name = `series[${k}] (${JSON.stringify(one.label)})`;
    const n = one.x.length;
    if (n === 0)
      throw new ArgumentError({ where, argument: `${name}.x`, wanted: 'one point or more', got: one.x });
    checkValues(where, `${name}.x`, one.x, n, options.x.log);
    checkValues(where, `${name}.y`, one.y, n, options.y.log);
    for (const kind of ['band', 'bars'] as const) {
      const interval = one[kind];
      if (interval === undefined) continue;
      checkValues(where, `${name}.${kind}.low`, interval.low, n, false);
      checkValues(where, `${name}.${kind}.high`, interval.high, n, options.y.log);
    }
  });
  for (const size of ['width', 'height'] as const) {
    if (options[size] !== undefined) checkPositive(where, `options.${size}`, options[size]);
  }
}

/** Throws unless there are `n` finite values, above 0 on a logarithmic axis. */
function checkValues(
  where: string,
  argument: string,
  values: ArrayLike<number>,
  n: number,
  log = false,
): void {
  checkLength(where, argument, values, n, 'one for each x');
  checkFinite(where, argument, values);
  const at = log ? Array.prototype.findIndex.call(values, (v: number) => v <= 0) : -1;
  if (at === -1) return;
  const fix = 'drop such points or make the axis linear';
  throw new ArgumentError({
    where,
    argument,
    wanted: 'above 0 on a logarithmic axis',
    got: `${values[at]} at position ${at}`,
    fix,
  });
}
