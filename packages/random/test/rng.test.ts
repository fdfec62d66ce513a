import { ArgumentError } from '@sntk/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng, type Label, type Rng, rngAt } from '../src/index.ts';
import { chiSquareScore, kolmogorov, normalCdf, threefry } from './support.ts';

const label: fc.Arbitrary<Label> = fc.oneof(
  fc.string(),
  fc.string({ minLength: 5, maxLength: 20, unit: 'binary' }),
  fc.integer({ min: 0, max: 50 }),
  fc.maxSafeNat(),
);

const hex = (rng: Rng): string => [...rng.keyWords].map((w) => w.toString(16).padStart(8, '0')).join('');

describe('addresses', () => {
  test("a child depends on its address only, not on the parent's draws or on other children", () => {
    fc.assert(
      fc.property(label, label, label, fc.nat(5), (seed, name, other, draws) => {
        const fresh = createRng(seed).split(name);
        const used = createRng(seed);
        used.fillNormal(new Float64Array(draws));
        for (let i = 0; i < draws; i++) used.integer(10);
        used.split(other).integer(2);
        const child = used.split(name);
        expect(hex(child)).toBe(hex(fresh));
        expect(child.integer(2 ** 53)).toBe(fresh.integer(2 ** 53));
      }),
    );
  });

  test('rngAt rebuilds a stream from its key', () => {
    fc.assert(
      fc.property(label, fc.array(label, { maxLength: 4 }), (seed, path) => {
        let rng = createRng(seed);
        for (const name of path) rng = rng.split(name);
        expect(rng.key).toEqual([seed, ...path]);
        expect(hex(rngAt(rng.key))).toBe(hex(rng));
      }),
    );
  });

  test('different addresses have different keys', () => {
    const root = createRng(1);
    const rngs = [root, createRng('1'), createRng('')];
    const names = [
      '',
      '\0',
      'a',
      'a\0',
      'ab',
      'ba',
      'abcdef',
      'abcdefg',
      'abcdef\0',
      'abcdefabcdef',
      'abcdefabcdefa',
    ];
    for (const name of names) rngs.push(root.split(name));
    for (const n of [0, 1, 2, 97, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) rngs.push(root.split(n));
    rngs.push(root.split('a').split('b'), root.split('b').split('a'), root.split('abcdef').split('g'));
    rngs.push(
      root.split(0).split(1),
      root.split(1).split(0),
      root.split(String.fromCharCode(97, 98)).split(''),
    );
    expect(new Set(rngs.map(hex)).size).toBe(rngs.length);
    const many = new Set(Array.from({ length: 20_000 }, (_, i) => hex(root.split(i))));
    expect(many.size).toBe(20_000);
  });

  test('a key is the chain of Threefry blocks that the README states', () => {
    const root = threefry([7, 0, 0, 0x10000000], [0, 0, 0, 0]);
    expect([...createRng(7).keyWords]).toEqual(root);
    const child = threefry([0x62_0061, 0x63, 0, 0x20000003], root);
    expect([...createRng(7).split('abc').keyWords]).toEqual(child);
  });

  test('uniform is the MT19937 that NumPy seeds with the same four words', () => {
    // numpy.random.RandomState([words of the seed block]).random_sample(3)
    const rng = createRng(1);
    expect([rng.uniform(), rng.uniform(), rng.uniform()]).toEqual([
      0.3069247356022168, 0.9681027977269079, 0.5335262876275592,
    ]);
  });

  test.each([Number.NaN, 1.5, -1, -0, Number.POSITIVE_INFINITY, 2 ** 53, null, undefined, {}])(
    'refuses %s as a seed and as a label',
    (bad) => {
      expect(() => createRng(bad as number)).toThrow(ArgumentError);
      expect(() => createRng(1).split(bad as number)).toThrow(ArgumentError);
      expect(() => rngAt([1, bad as number])).toThrow(ArgumentError);
    },
  );

  test('an empty address is refused', () => {
    expect(() => rngAt([])).toThrow('rngAt: key must be a seed and its labels');
  });
});

describe('uniform and normal', () => {
  const n = 100_000;
  const draw = (f: () => number): Float64Array => Float64Array.from({ length: n }, f);

  test('pass the Kolmogorov test at level 0.001', () => {
    const rng = createRng('kolmogorov');
    expect(kolmogorov(draw(rng.uniform), (x) => x)).toBeLessThan(1.9495);
    expect(kolmogorov(draw(rng.normal), normalCdf)).toBeLessThan(1.9495);
  });

  test('do not disturb each other', () => {
    const a = createRng(3);
    const b = createRng(3);
    b.normal();
    b.integer(5);
    b.fillNormal(new Float64Array(3));
    expect(a.uniform()).toBe(b.uniform());
  });

  test('streams of 50 siblings are uncorrelated', () => {
    const parent = createRng(11);
    const length = 1000;
    const rows = Array.from({ length: 50 }, (_, i) => {
      const row = new Float64Array(length);
      parent.split(i).fillNormal(row);
      return row;
    });
    let pairs = 0;
    let sum = 0;
    for (let i = 0; i < rows.length; i++) {
      for (let j = 0; j < i; j++) {
        const dot = rows[i].reduce((s, x, k) => s + x * rows[j][k], 0);
        sum += dot ** 2 / length;
        pairs++;
      }
    }
    // Each term has mean 1 and variance 2 + 3·(9 − 1)/length for independent normals.
    expect(Math.abs(sum / pairs - 1)).toBeLessThan(4 * Math.sqrt((2 + 24 / length) / pairs));
  });
});

describe('integer', () => {
  test.each([
    [3 * 2 ** 30, 2 ** 30],
    [3 * 2 ** 51, 2 ** 51],
    [3, 1],
  ])('of bound %d is below %d in a third of the draws', (bound, below) => {
    const rng = createRng(bound);
    const draws = 60_000;
    let hits = 0;
    for (let i = 0; i < draws; i++) if (rng.integer(bound) < below) hits++;
    expect(Math.abs(hits / draws - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / draws));
  });

  test('takes every value of a small range equally often, also the last', () => {
    for (const bound of [1, 2, 7, 100]) {
      const counts = new Int32Array(bound);
      const rng = createRng('small').split(bound);
      for (let i = 0; i < 200 * bound; i++) counts[rng.integer(bound)]++;
      expect(Math.min(...counts)).toBeGreaterThan(0);
      if (bound > 1) expect(Math.abs(chiSquareScore(counts))).toBeLessThan(4);
    }
  });

  test('stays below its bound for any bound', () => {
    const rng = createRng(5);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), (bound) => {
        const value = rng.integer(bound);
        expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
      }),
    );
    for (const bound of [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53])
      expect(rng.integer(bound)).toBeLessThan(bound);
  });

  test.each([0, -3, 2.5, Number.NaN, 2 ** 53 + 2])('refuses the bound %s', (bound) => {
    expect(() => createRng(1).integer(bound)).toThrow('Rng.integer: bound must be an integer from 1 to 2^53');
  });
});

describe('permutation and choice', () => {
  test('every order of four is equally likely', () => {
    const rng = createRng('orders');
    const counts = new Map<string, number>();
    for (let i = 0; i < 24 * 500; i++) {
      const order = rng.permutation(4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(Math.abs(chiSquareScore([...counts.values()]))).toBeLessThan(4);
  });

  test.each([
    [6, 2],
    [40, 1],
  ])('every ordered choice from %d of %d is equally likely', (n, k) => {
    const rng = createRng('pairs').split(n);
    const counts = new Map<string, number>();
    const cells = k === 2 ? n * (n - 1) : n;
    for (let i = 0; i < cells * 400; i++) {
      const pick = rng.choice(n, k).join();
      counts.set(pick, (counts.get(pick) ?? 0) + 1);
    }
    expect(counts.size).toBe(cells);
    expect(Math.abs(chiSquareScore([...counts.values()]))).toBeLessThan(4);
  });

  test('a choice is the start of the Fisher–Yates shuffle, whether few or many are chosen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.nat(), fc.nat(1000), (n, raw, seed) => {
        const k = n === 0 ? 0 : raw % (n + 1);
        const picked = createRng(seed).choice(n, k);
        const rng = createRng(seed);
        const list = Array.from({ length: n }, (_, i) => i);
        for (let i = 0; i < k; i++) {
          const j = i + rng.integer(n - i);
          [list[i], list[j]] = [list[j], list[i]];
        }
        expect([...picked]).toEqual(list.slice(0, k));
      }),
    );
    // Longer lists are not kept from one choice to the next.
    const whole = createRng(1).permutation(70_000);
    for (const k of [3, 6000]) {
      expect([...createRng(1).choice(70_000, k)]).toEqual([...whole.subarray(0, k)]);
    }
  });

  test('refuses to choose more than there are', () => {
    expect(() => createRng(1).choice(3, 4)).toThrow('Rng.choice: k must be at most n = 3, got 4');
    expect(() => createRng(1).permutation(-1)).toThrow(ArgumentError);
    expect(() => createRng(1).choice(2 ** 40, 1)).toThrow('Rng.choice: n must be at most 2^31');
    expect(() => createRng(1).permutation(2 ** 40)).toThrow('Rng.permutation: n must be at most 2^31');
  });
});
