import { createRng } from '@sntk/random';

/** Number of points. */
export const POINTS = 37;

/**
 * Random points with everything that is hard, `[POINTS, d]`: repeated, nearly equal and nearly opposite ones (`nudge` apart),
 * parallel ones of `multiple` and `far` times the length, opposite and zero ones.
 */
export function hardPoints(
  d: number,
  { nudge, multiple, far }: Readonly<Record<'nudge' | 'multiple' | 'far', number>>,
): Float64Array {
  const data = new Float64Array(POINTS * d);
  createRng('hard').fillNormal(data);
  const copy = (from: number, to: number, scale: number, apart = 0): void => {
    for (let p = 0; p < d; p++) data[to * d + p] = scale * data[from * d + p];
    data[to * d] += apart;
  };
  copy(0, 1, 1);
  copy(2, 3, 1, nudge);
  copy(4, 5, multiple);
  copy(6, 7, -1);
  copy(8, 9, -1, nudge);
  copy(10, 11, far);
  data.fill(0, 12 * d, 13 * d);
  return data;
}
