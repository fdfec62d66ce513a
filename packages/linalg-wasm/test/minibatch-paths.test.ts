import { UnavailableError } from '@sntk/errors';
import { afterAll, describe, expect, test } from 'vitest';
import { threadedWasmBackend, wasmBackend, wasmMemoryInUse } from '../src/index.ts';
import { numbers } from './support.ts';

const two = await threadedWasmBackend({ threads: 2 });
afterAll(() => two.dispose());
const request = {
  ...{ size: 5, outputs: 1, paths: 40 },
  matrix: numbers(25, 1),
  values: numbers(5, 2),
  start: numbers(5, 3),
};
const steps = {
  ...{ steps: 2, batch: 3 },
  kept: numbers(5, 4),
  pulled: numbers(5, 5),
  examples: new Int32Array(240).map((_, k) => k % 5),
  noise: numbers(240, 6),
};

describe.each([wasmBackend(), two])('paths with noise on minibatches, $name', (backend) => {
  const start = backend.fused!.minibatchPaths!;

  test('give their memory back, and then say so', () => {
    const before = wasmMemoryInUse();
    const paths = start(request);
    paths.advance(steps);
    expect(wasmMemoryInUse()).toBeGreaterThan(before);
    paths.dispose();
    paths.dispose();
    expect(wasmMemoryInUse()).toBe(before);
    expect(() => paths.read()).toThrow(UnavailableError);
    expect(() => paths.advance(steps)).toThrow('MinibatchPaths.advance: this ensemble was disposed');
  });

  test('leave the backend and themselves usable when what runs beside them throws', () => {
    const paths = start(request);
    const fail = (): void => {
      throw new Error('no more noise');
    };
    expect(() => paths.advance(steps, fail)).toThrow('no more noise');
    // What was thrown at is as if it had not been.
    paths.advance(steps);
    const again = start(request);
    again.advance(steps);
    expect(paths.read()).toEqual(again.read());
    for (const ensemble of [paths, again]) ensemble.dispose();
  });
});
