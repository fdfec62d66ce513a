import { ArgumentError } from '@sntk/errors';
import { describe, expect, test } from 'vitest';
import { createRng, keyedNormals } from '../src/index.ts';
import { chiSquareScore, kolmogorov, normalCdf } from './support.ts';

describe('bulk normals', () => {
  const n = 1_000_000;
  const sample = new Float64Array(n);
  createRng('bulk').fillNormal(sample);

  test('pass the Kolmogorov test at level 0.001', () => {
    expect(kolmogorov(sample, normalCdf)).toBeLessThan(1.9495);
  });

  test('fill 512 cells of equal probability equally', () => {
    const counts = new Int32Array(512);
    for (const z of sample) counts[Math.min(511, Math.floor(512 * normalCdf(z)))]++;
    expect(Math.abs(chiSquareScore(counts))).toBeLessThan(4);
  });

  test('have the moments 0, 1, 0, 3, 0, 15 within four standard errors', () => {
    const moment = (k: number): number => sample.reduce((s, z) => s + z ** k, 0) / n;
    const truth = [0, 1, 0, 3, 0, 15];
    // Var z^k = E z^2k − (E z^k)²
    const variance = [1, 2, 15, 96, 945, 10395 - 225];
    truth.forEach((value, i) => {
      expect(Math.abs(moment(i + 1) - value)).toBeLessThan(4 * Math.sqrt(variance[i] / n));
    });
  });

  test('are uncorrelated at lags 1, 2 and 256, and so are their squares', () => {
    for (const lag of [1, 2, 256]) {
      let linear = 0;
      let squared = 0;
      for (let i = lag; i < n; i++) {
        linear += sample[i] * sample[i - lag];
        squared += (sample[i] ** 2 - 1) * (sample[i - lag] ** 2 - 1);
      }
      expect(Math.abs(linear)).toBeLessThan(4 * Math.sqrt(n));
      expect(Math.abs(squared)).toBeLessThan(4 * Math.sqrt(4 * n));
    }
  });

  test('leave the middle and enter the tail at the rate of a normal', () => {
    const rates: readonly (readonly [number, number])[] = [
      [1, 0.317310507862914],
      [3, 0.00269979606326],
      [3.6541528853610088, 2.5803248765390125e-4],
      [4, 6.334248366624e-5],
      [4.5, 6.795346249477e-6],
      [5, 5.733031437584e-7],
    ];
    const draws = 20_000_000;
    const rng = createRng('tail');
    const block = new Float64Array(1 << 16);
    const counts = rates.map(() => 0);
    for (let left = draws; left > 0; left -= block.length) {
      const count = Math.min(left, block.length);
      rng.fillNormal(block, { count });
      for (let i = 0; i < count; i++) {
        const z = Math.abs(block[i]);
        for (let r = 0; r < rates.length && z > rates[r][0]; r++) counts[r]++;
      }
    }
    rates.forEach(([bound, p], r) => {
      const error = Math.abs(counts[r] - draws * p) / Math.sqrt(draws * p * (1 - p));
      expect(error, `beyond ${bound}`).toBeLessThan(4);
    });
  });

  test('do not depend on how a fill is cut', () => {
    const whole = new Float64Array(2000);
    const parts = new Float64Array(2000);
    createRng(9).fillNormal(whole);
    const rng = createRng(9);
    for (const [offset, count] of [
      [0, 1],
      [1, 0],
      [1, 1023],
      [1024, 976],
    ]) {
      rng.fillNormal(parts, { offset, count });
    }
    expect(parts).toEqual(whole);
  });

  test('are the same numbers rounded in a Float32Array', () => {
    const doubles = new Float64Array(1300);
    const singles = new Float32Array(1300);
    createRng(9).fillNormal(doubles, { deviation: 0.3, offset: 10 });
    createRng(9).fillNormal(singles, { deviation: 0.3, offset: 10 });
    expect(singles).toEqual(Float32Array.from(doubles));
    expect(doubles.subarray(0, 10)).toEqual(new Float64Array(10));
  });

  test('keep their bits from version to version', () => {
    const out = new Float64Array(3);
    createRng(1).fillNormal(out);
    expect([...out]).toEqual([-0.1553212002566706, 0.5993349545150213, 0.914272352558983]);
    keyedNormals(createRng(1), 5, out, { deviation: 2 });
    expect([...out]).toEqual([-5.877805407925203, -1.4117049366525036, 0.5178022854274099]);
    expect(createRng(1).normal()).toBe(-2.508584795764914);
    expect([...createRng(1).permutation(6)]).toEqual([4, 5, 2, 3, 1, 0]);
  });

  test('options outside the array are refused', () => {
    const rng = createRng(1);
    const out = new Float64Array(4);
    expect(() => rng.fillNormal(out, { offset: 3, count: 2 })).toThrow(
      'Rng.fillNormal: options.count must be within the 1 entries from offset 3 on, got 2',
    );
    expect(() => rng.fillNormal(out, { offset: -1 })).toThrow(ArgumentError);
    expect(() => rng.fillNormal(out, { offset: 7 })).toThrow(
      'Rng.fillNormal: options.offset must be at most 4, the length of out, got 7',
    );
    expect(() => keyedNormals(undefined as never, 0, out)).toThrow('keyedNormals: rng must be a stream');
    expect(() => keyedNormals(rng, 0, undefined as unknown as Float64Array)).toThrow(
      'keyedNormals: out must be a Float64Array or Float32Array, got undefined',
    );
    expect(() => rng.fillNormal(out, { count: 0.5 })).toThrow(ArgumentError);
    expect(() => rng.fillNormal(out, { deviation: Number.NaN })).toThrow(ArgumentError);
    expect(() => rng.fillNormal([1, 2] as unknown as Float64Array)).toThrow('Float64Array or Float32Array');
  });
});

describe('keyedNormals', () => {
  test('depend on the address and the index only', () => {
    const rng = createRng(4).split('path').split(2);
    const out = new Float64Array(10);
    keyedNormals(rng, 1000, out);
    const first = [...out];
    rng.fillNormal(out);
    rng.uniform();
    for (const index of [999, 0, 2 ** 32 + 1000]) {
      keyedNormals(rng, index, out);
      expect([...out]).not.toEqual(first);
    }
    keyedNormals(createRng(4).split('path').split(2), 1000, out);
    expect([...out]).toEqual(first);
  });

  test('are normal and uncorrelated from one index to the next', () => {
    const rng = createRng('steps');
    const n = 200_000;
    const head = new Float64Array(n);
    const pair = new Float64Array(2);
    let within = 0;
    let across = 0;
    for (let i = 0; i < n; i++) {
      keyedNormals(rng, i, pair);
      head[i] = pair[0];
      within += pair[0] * pair[1];
      if (i > 0) across += head[i] * head[i - 1];
    }
    expect(kolmogorov(head, normalCdf)).toBeLessThan(1.9495);
    expect(Math.abs(within)).toBeLessThan(4 * Math.sqrt(n));
    expect(Math.abs(across)).toBeLessThan(4 * Math.sqrt(n));
  });

  test('are uncorrelated between siblings at one index, and with the fills of their own stream', () => {
    const parent = createRng('siblings');
    const n = 20_000;
    const one = new Float64Array(1);
    let previous = 0;
    let siblings = 0;
    let own = 0;
    for (let p = 0; p < n; p++) {
      const rng = parent.split(p);
      keyedNormals(rng, 0, one);
      const z = one[0];
      siblings += z * previous;
      previous = z;
      rng.fillNormal(one);
      own += z * one[0];
    }
    expect(Math.abs(siblings)).toBeLessThan(4 * Math.sqrt(n));
    expect(Math.abs(own)).toBeLessThan(4 * Math.sqrt(n));
  });

  test.each([-1, 0.5, Number.NaN])('refuses the index %s', (index) => {
    expect(() => keyedNormals(createRng(1), index, new Float64Array(1))).toThrow(
      'keyedNormals: index must be an integer of at least 0',
    );
  });
});
