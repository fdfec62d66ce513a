import { ArgumentError, checkFinite, checkInteger, checkLength } from '@sntk/errors';

/** Refuses a block of states that is not finite and of `dimension × paths`, naming the accumulator. */
export function checkBlock(where: string, x: Float64Array, dimension: number, paths: number): void {
  checkInteger(`${where}.push`, 'paths', paths, 1);
  checkLength(`${where}.push`, 'x', x, dimension * paths, 'dimension × paths');
  checkFinite(`${where}.push`, 'x', x);
}

/** Refuses to merge what was gathered of states of another dimension. */
export function checkSameDimension(where: string, dimension: number, other: number): void {
  if (other === dimension) return;
  throw new ArgumentError({
    where: `${where}.merge`,
    argument: 'other.dimension',
    wanted: `${dimension}`,
    got: other,
  });
}

/** Refuses a second moment of fewer than two samples. */
export function checkSpread(where: string, count: number): void {
  if (count >= 2) return;
  throw new ArgumentError({ where, argument: 'count', wanted: 'at least 2 samples', got: count });
}
