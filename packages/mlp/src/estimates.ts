export interface LineFit {
  readonly slope: number;
  /** Standard error of the slope, from the standard errors of the points. */
  readonly slopeError: number;
}

/** The least-squares line through points whose `y` have the given standard errors. */
export function fitLine(x: ArrayLike<number>, y: ArrayLike<number>, errors: ArrayLike<number>): LineFit {
  let weight = 0;
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < x.length; i++) {
    const w = 1 / errors[i] ** 2;
    weight += w;
    meanX += w * x[i];
    meanY += w * y[i];
  }
  meanX /= weight;
  meanY /= weight;
  let xx = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    const w = 1 / errors[i] ** 2;
    xx += w * (x[i] - meanX) ** 2;
    xy += w * (x[i] - meanX) * (y[i] - meanY);
  }
  return { slope: xy / xx, slopeError: Math.sqrt(1 / xx) };
}

export function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard error of the mean of independent values. */
export function errorOf(values: Float64Array): number {
  const mean = average(values);
  const scatter = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(scatter / (values.length - 1) / values.length);
}
