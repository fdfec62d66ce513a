import { createRng } from '@sntk/random';
import { expectClose, fitSlope, meanAndStandardError } from '@sntk/testing';
import { expect, it } from 'vitest';
import { average, errorOf, fitLine } from '../src/estimates.ts';

const rng = createRng('estimates');

it('draw the line through two points, whose errors add up as squares do', () => {
  const { slope, slopeError } = fitLine([1, 3], [5, 9], [0.3, 0.4]);
  expectClose(slope, 2, { relative: 1e-15 });
  expectClose(slopeError, 0.5 / 2, { relative: 1e-15 });
});

it('count a point with errors smaller by √2 as two points', () => {
  const once = fitLine([0, 1, 4, 4], [1, 0, 3, 3], [1, 1, 1, 1]);
  const twice = fitLine([0, 1, 4], [1, 0, 3], [1, 1, Math.SQRT1_2]);
  expectClose(twice.slope, once.slope, { relative: 1e-14 });
  expectClose(twice.slopeError, once.slopeError, { relative: 1e-14 });
  expectClose(once.slope, fitSlope([0, 1, 4, 4], [1, 0, 3, 3]).slope, { relative: 1e-14 });
});

it('have a slope error that is the scatter of slopes over draws of the points', () => {
  const [x, errors] = [
    [0, 1, 2, 5],
    [0.1, 0.3, 0.2, 0.5],
  ];
  const normals = new Float64Array(4);
  const draws = 4000;
  const slopes = Float64Array.from({ length: draws }, (_, i) => {
    rng.split(i).fillNormal(normals);
    return fitLine(
      x,
      x.map((value, k) => 1 - 2 * value + errors[k] * normals[k]),
      errors,
    ).slope;
  });
  const { slopeError } = fitLine(x, x, errors);
  const scatter = errorOf(slopes) * Math.sqrt(draws);
  expect(Math.abs(average(slopes) + 2)).toBeLessThan(4 * errorOf(slopes));
  // A deviation of normals is itself known to 1/√(2 draws).
  expect(Math.abs(scatter / slopeError - 1)).toBeLessThan(4 / Math.sqrt(2 * draws));
});

it('have the mean and the standard error that others find', () => {
  const values = new Float64Array(50);
  rng.split('values').fillNormal(values);
  const { mean, standardError } = meanAndStandardError(values);
  expectClose([average(values), errorOf(values)], [mean, standardError], { relative: 1e-13 });
});
