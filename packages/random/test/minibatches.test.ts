import { ArgumentError } from '@sntk/errors';
import { describe, expect, test } from 'vitest';
import { createRng, type MinibatchOptions, minibatches, SAMPLERS, type Sampler } from '../src/index.ts';
import { chiSquareScore } from './support.ts';

const make = (sampler: Sampler, changes: Partial<MinibatchOptions> = {}) =>
  minibatches({ samples: 10, batch: 4, sampler, rng: createRng('batches'), ...changes });

describe('minibatches', () => {
  test.each(SAMPLERS)('of sampler %s depend on the step alone', (sampler) => {
    const forward = make(sampler);
    const inOrder = Array.from({ length: 12 }, (_, step) => [...forward.at(step)]);
    const backward = make(sampler);
    for (let step = 11; step >= 0; step--) expect([...backward.at(step)]).toEqual(inOrder[step]);
    expect(new Set(inOrder.map(String)).size).toBeGreaterThan(10);
  });

  test("are what the step's own stream draws", () => {
    const rng = createRng('batches');
    for (const step of [0, 3, 2 ** 40]) {
      const stream = rng.split(step);
      expect([...make('without-replacement').at(step)]).toEqual([...stream.choice(10, 4)]);
      const independent = rng.split(step);
      const drawn = Array.from({ length: 4 }, () => independent.integer(10));
      expect([...make('with-replacement').at(step)]).toEqual(drawn);
    }
  });

  test('of an epoch are all examples once, in an order that changes', () => {
    const batches = make('epoch');
    expect(batches.stepsPerEpoch).toBe(3);
    const epochs = [0, 1].map((epoch) => [0, 1, 2].map((k) => [...batches.at(3 * epoch + k)]));
    for (const epoch of epochs) {
      expect(epoch.map((batch) => batch.length)).toEqual([4, 4, 2]);
      expect(epoch.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  test.each(SAMPLERS)('of sampler %s take every example equally often', (sampler) => {
    const batches = make(sampler, { batch: 5 });
    const counts = new Int32Array(10);
    for (let step = 0; step < 4000; step++) for (const i of batches.at(step)) counts[i]++;
    // Pearson's statistic is at most that of independent draws in expectation: an epoch has no spread at all.
    expect(chiSquareScore(counts)).toBeLessThan(4);
  });

  test('repeat examples with replacement as often as independent draws do, and never without', () => {
    const steps = 5000;
    const distinct = (sampler: Sampler): number => {
      const batches = make(sampler);
      let hits = 0;
      for (let step = 0; step < steps; step++) if (new Set(batches.at(step)).size === 4) hits++;
      return hits / steps;
    };
    expect(distinct('without-replacement')).toBe(1);
    const truth = (10 * 9 * 8 * 7) / 10 ** 4;
    expect(Math.abs(distinct('with-replacement') - truth)).toBeLessThan(
      4 * Math.sqrt((truth * (1 - truth)) / steps),
    );
  });

  test('may be larger than the data where examples are put back', () => {
    const batches = make('with-replacement', { batch: 25 });
    expect(batches.stepsPerEpoch).toBe(1);
    const counts = new Int32Array(10);
    for (let step = 0; step < 2000; step++) {
      expect(batches.at(step).length).toBe(25);
      for (const i of batches.at(step)) counts[i]++;
    }
    expect(chiSquareScore(counts)).toBeLessThan(4);
  });

  test('refuse batches larger than the data, unknown samplers, and steps before the first', () => {
    for (const sampler of ['epoch', 'without-replacement'] as const) {
      expect(() => make(sampler, { batch: 11 })).toThrow(
        'options.batch must be at most the number of samples, 10',
      );
    }
    expect(() => make('epoch', { batch: 0 })).toThrow(ArgumentError);
    expect(() => make('epoch', { rng: { normal: 1 } as never })).toThrow(
      'minibatches: options.rng must be a stream, for example createRng(1), got an object with keys normal',
    );
    // Their indices would not fit the 32-bit integers of the result.
    for (const sampler of SAMPLERS) {
      expect(() => make(sampler, { samples: 2 ** 31 + 1 })).toThrow(
        'minibatches: options.samples must be at most 2^31, got 2147483649',
      );
    }
    expect(() => make('sorted' as Sampler)).toThrow('options.sampler must be one of epoch');
    for (const sampler of SAMPLERS) {
      expect(() => make(sampler).at(-1)).toThrow('Minibatches.at: step must be an integer of at least 0');
      expect(() => make(sampler).at(0.5)).toThrow(ArgumentError);
    }
  });
});
