import { UnavailableError } from '@sntk/errors';
import type { Backend, FloatArray } from '@sntk/linalg';
import type { ChainActivation, ChainRule, DenseChainRequest } from '@sntk/linalg/extending';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { wasmDenseChain } from '../src/chain.ts';
import { threadedWasmBackend, wasmBackend } from '../src/index.ts';
import { type SharedRuntime, sharedRuntime } from '../src/runtime.ts';
import { network, relu, sizeOf, tanh } from './chain-support.ts';
import { numbers } from './support.ts';

const one = wasmBackend();
const teams = [await threadedWasmBackend({ threads: 2 }), await threadedWasmBackend({ threads: 3 })];
afterAll(() => {
  for (const backend of teams) backend.dispose();
});

const RULES: readonly ChainRule[] = [
  { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 },
  { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0.01 },
  { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 },
  { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  { kind: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01 },
];

type Numbers = typeof Float32Array | typeof Float64Array;

interface Case {
  readonly widths: readonly number[];
  readonly rows: number;
  readonly rule: ChainRule;
  readonly activation: ChainActivation;
  readonly Type: Numbers;
}

/** The bits of all that a chain shows over three steps: outputs, then parameters and averages. */
function walk(backend: Backend, { widths, rows, rule, activation, Type }: Case): Buffer {
  const layers = network(widths, activation);
  const parameters = Type.from(numbers(sizeOf(layers), 1));
  const chain = backend.fused!.denseChain!({ layers, parameters, maxRows: rows + 3, rule });
  const seen: FloatArray[] = [];
  for (let step = 0; step < 3; step++) {
    seen.push(chain.forward(Type.from(numbers(rows * widths[0], 10 + step)), rows));
    chain.descend(Type.from(numbers(rows * widths[widths.length - 1], 20 + step)), 1e-3);
  }
  seen.push(chain.readParameters(), ...chain.readAverages());
  chain.dispose();
  return Buffer.concat(seen.map(({ buffer }) => new Uint8Array(buffer)));
}

function expectOneThreadsBits(given: Case): void {
  const alone = walk(one, given);
  for (const backend of teams) expect(walk(backend, given).equals(alone)).toBe(true);
}

describe('a dense chain on several threads has the bits of one:', () => {
  // Each hidden layer is worth cutting, and no multiple of a panel, a vector or a cut.
  const widths = [3, 270, 301, 263, 2];
  for (const rule of RULES) {
    for (const Type of [Float32Array, Float64Array]) {
      it(`${JSON.stringify(rule)}, ${Type.name}`, () => {
        for (const activation of [relu, tanh]) {
          expectOneThreadsBits({ widths, rows: 8, rule, activation, Type });
        }
      });
    }
  }

  it('random widths and batches', () => {
    const width = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 200, max: 500 }));
    const cases = fc.record({
      widths: fc.array(width, { minLength: 2, maxLength: 5 }),
      rows: fc.integer({ min: 1, max: 40 }),
      rule: fc.constantFrom(...RULES),
      activation: fc.constantFrom(relu, tanh),
      Type: fc.constantFrom<Numbers[]>(Float32Array, Float64Array),
    });
    fc.assert(fc.property(cases, expectOneThreadsBits), { numRuns: 30, seed: 1 });
  });
});

describe('a dense chain whose worker does not come back', () => {
  const layers = network([2, 300, 300, 1], relu);
  const request: DenseChainRequest = {
    layers,
    parameters: Float32Array.from(numbers(sizeOf(layers), 2)),
    maxRows: 8,
  };
  const x = Float32Array.from(numbers(16, 3));
  const gradient = Float32Array.from(numbers(8, 4));

  const opened: SharedRuntime[] = [];
  afterEach(() => {
    vi.restoreAllMocks();
    for (const runtime of opened.splice(0)) runtime.dispose();
  });

  /** A chain, and a worker that takes the first call of the next job and never ends it. */
  function chainWithThief() {
    const runtime = sharedRuntime('plain', 2);
    opened.push(runtime);
    runtime.team.join({ end: () => {} });
    const { control } = runtime.threadData(1);
    return { runtime, chain: wasmDenseChain(runtime)(request), steal: () => Atomics.add(control, 0, 1) };
  }

  it('passes forward again, away from where that may write, and goes on', () => {
    const { runtime, chain, steal } = chainWithThief();
    const whole = one.fused!.denseChain!(request);
    const used = runtime.heap.inUse();
    steal();
    for (let step = 0; step < 2; step++) {
      expect(chain.forward(x, 8)).toEqual(whole.forward(x, 8));
      for (const each of [chain, whole]) each.descend(gradient, 0.1);
    }
    expect(chain.readParameters()).toEqual(whole.readParameters());
    expect(runtime.team.threads).toBe(1);
    chain.dispose();
    expect(runtime.heap.inUse()).toBe(used);
    whole.dispose();
  });

  it('never shows parameters that are changed in part', () => {
    const { runtime, chain, steal } = chainWithThief();
    const used = runtime.heap.inUse();
    // By a clock that stands still the pass has no long wait, after which the team would take the step alone.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    chain.forward(x, 8);
    clock.mockRestore();
    steal();
    expect(() => chain.descend(gradient, 0.1)).toThrow(
      /^DenseChain.descend: a step was broken off half-way.*from the latest parameters/,
    );
    for (const use of [
      () => chain.forward(x, 8),
      () => chain.descend(gradient, 0.1),
      () => chain.readParameters(),
      () => chain.readAverages(),
    ]) {
      expect(use).toThrow(UnavailableError);
      expect(use).toThrow('broken off half-way');
    }
    chain.dispose();
    expect(runtime.heap.inUse()).toBe(used);
    // The runtime works on, alone, and so does a chain made anew.
    const again = wasmDenseChain(runtime)(request);
    expect(again.readParameters()).toEqual(request.parameters);
    again.descend(again.forward(x, 8), 0.1);
    again.dispose();
  });
});

it('a step that an activation breaks off leaves no parameters that are changed in part', () => {
  let broken = false;
  const derivative = (h: number): number => {
    if (broken) throw new RangeError('out of range');
    return tanh.derivative(h);
  };
  const layers = network([2, 5, 1], { ...tanh, derivative });
  const parameters = Float64Array.from(numbers(sizeOf(layers), 5));
  const chain = one.fused!.denseChain!({ layers, parameters, maxRows: 1 });
  const step = (): void => chain.descend(chain.forward(Float64Array.of(1, 2), 1), 0.1);
  step();
  broken = true;
  expect(step).toThrow(RangeError);
  expect(() => chain.readParameters()).toThrow('broken off half-way');
  chain.dispose();
});
