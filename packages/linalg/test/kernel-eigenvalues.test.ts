import { describe, expect, it } from 'vitest';
import { kernelEigenvalues } from '../src/extending.ts';

describe('the eigenvalues of a kernel', () => {
  it('are cut at zero where they are below it by no more than rounding', () => {
    // Two rows of float64: 2e-13 of the largest.
    const { values, rounding } = kernelEigenvalues('here', new Float64Array([-1.9e-13, 1]), 'float64');
    expect([...values]).toEqual([0, 1]);
    expect(rounding).toBe(2e-13);
    expect([...kernelEigenvalues('here', new Float64Array([-2e-7, 1]), 'float32').values]).toEqual([0, 1]);
  });

  it('are refused where they are further below it, with the jitter that mends them', () => {
    expect(() => kernelEigenvalues('here', new Float64Array([-2.1e-13, 1]), 'float64')).toThrow(
      'here: K is not positive semidefinite: its smallest eigenvalue is -2.100e-13, its largest 1.000e+0; check the kernel, or add a jitter of 2.1e-13',
    );
    // Without a positive one there is nothing that an error could be relative to.
    expect(() => kernelEigenvalues('here', new Float64Array([-3, -1]), 'float64')).toThrow('-3.000e+0');
  });

  it('of no points are none', () => {
    expect(kernelEigenvalues('here', new Float64Array(0), 'float64')).toEqual({
      values: new Float64Array(0),
      rounding: 0,
    });
  });
});
