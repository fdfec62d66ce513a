import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withWork } from '../src/operands.ts';
import { wasmRuntime } from '../src/runtime.ts';
import * as secular from '../src/secular.ts';
import { numbers } from './support.ts';

interface Update {
  readonly poles: Float64Array;
  readonly z: Float64Array;
  readonly rho: number;
}

/** Moves an update to WASM memory, and its roots back. */
function secularRoots({ poles, z, rho }: Update): { values: Float64Array; gaps: Float64Array } {
  const runtime = wasmRuntime();
  const k = poles.length;
  const out = { values: new Float64Array(k), gaps: new Float64Array(k * k) };
  const sizes = [k, k, k, k * k].map((size) => size * 8);
  withWork(runtime.heap, 'test', sizes, ([atPoles, atZ, values, gaps]) => {
    const memory = runtime.heap.f64();
    memory.set(poles, atPoles / 8);
    memory.set(z, atZ / 8);
    secular.secularRoots(runtime, { k, rho, poles: atPoles, z: atZ }, { values, gaps });
    out.values.set(memory.subarray(values / 8, values / 8 + k));
    out.gaps.set(memory.subarray(gaps / 8, gaps / 8 + k * k));
  });
  return out;
}

describe('the roots of a rank-one update', () => {
  test('of two poles are those of the quadratic', () => {
    // [[0, 0], [0, 1]] + [[a, b], [b, c]]
    const { values, gaps } = secularRoots({
      poles: Float64Array.of(0, 1),
      z: Float64Array.of(0.6, 0.8),
      rho: 2,
    });
    const [a, b, c] = [0.72, 0.96, 2.28];
    const middle = (a + c) / 2;
    const radius = Math.hypot((a - c) / 2, b);
    expect(values[0]).toBeCloseTo(middle - radius, 14);
    expect(values[1]).toBeCloseTo(middle + radius, 14);
    expect(gaps[1]).toBeCloseTo(1 - (middle - radius), 14);
  });

  test('beside a pole that z hardly touches are a tiny distance away, to full accuracy', () => {
    const { gaps } = secularRoots({ poles: Float64Array.of(0, 1), z: Float64Array.of(1e-9, 1), rho: 1 });
    expect(gaps[0] / -5e-19).toBeCloseTo(1, 14);
  });

  test('of one pole is exact', () => {
    const { values } = secularRoots({ poles: Float64Array.of(3), z: Float64Array.of(0.5), rho: 4 });
    expect(values[0]).toBe(4);
  });

  test('interlace the poles, add up to the trace, and keep tiny distances to full accuracy', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.nat(),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        (k, seed, rho) => {
          const poles = numbers(k, seed).sort();
          const z = numbers(k, seed + 1).map((x, i) => (x || 1) * 10 ** (-7 * (i % 3)));
          const { values, gaps } = secularRoots({ poles, z, rho });
          let trace = 0;
          for (let i = 0; i < k; i++) {
            // Strictly between its pole and the next one.
            expect(gaps[i * k + i]).toBeLessThan(0);
            if (i + 1 < k) expect(gaps[i * k + i + 1]).toBeGreaterThan(0);
            trace += values[i] - poles[i] - rho * z[i] ** 2;
          }
          expect(Math.abs(trace)).toBeLessThan(4 * k * 2 ** -52 * (k + rho * k));
          // By the Löwner formula the roots give back z, entry by entry: no distance has lost its digits.
          for (let j = 0; j < k; j++) {
            let square = -gaps[j * k + j] / rho;
            for (let i = 0; i < k; i++) if (i !== j) square *= gaps[i * k + j] / (poles[j] - poles[i]);
            expect(Math.sqrt(square) / Math.abs(z[j])).toBeCloseTo(1, 9);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
