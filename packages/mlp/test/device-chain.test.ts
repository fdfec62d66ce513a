import { ACTIVATIONS, activate, dense, dropout, fullyConnected, network } from '@sntk/architecture';
import { ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { expectClose, standInDevice } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { deviceActivation } from '../src/device-activations.ts';
import { type DeviceChain, deviceChain } from '../src/devices.ts';
import { forward, initialize, networkChain } from '../src/index.ts';

const ROWS = 5;

/** Entries of a size that keeps tanh and sigmoid off their ends. */
function entries(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(1 + 3 * i));
}

const NETWORKS = {
  relu: fullyConnected({ inputs: 3, hidden: [16, 8], outputs: 2 }),
  tanh: fullyConnected({
    inputs: 3,
    hidden: [16],
    outputs: 2,
    activation: ACTIVATIONS.tanh,
    biasVariance: 0.3,
  }),
  sigmoid: fullyConnected({ inputs: 3, hidden: [16, 8], outputs: 2, activation: ACTIVATIONS.sigmoid }),
  linear: fullyConnected({
    inputs: 3,
    hidden: [4],
    outputs: 2,
    activation: ACTIVATIONS.linear,
    biasVariance: 0,
  }),
  'layers without activation': network(3, dense(6), dense(4), activate(ACTIVATIONS.relu), dense(2)),
} as const;

describe('deviceChain', () => {
  it.each(Object.keys(NETWORKS) as (keyof typeof NETWORKS)[])(
    'takes the steps of the float64 chain, %s, and reads nothing in between',
    async (name) => {
      const architecture = NETWORKS[name];
      const theta = initialize(architecture, { rng: createRng(1) });
      const { backend, reads, live } = standInDevice();
      const x = entries(ROWS * 3);
      const X = tensor(x, { backend, shape: [ROWS, 3] });
      const chain = deviceChain(architecture, theta, { backend });
      const exact = networkChain(architecture, theta, { backend: ndarrayBackend(), maxRows: ROWS });
      const gradient = entries(ROWS * 2);
      const held = live();
      const outputs: Tensor[] = [];
      const truth: ArrayLike<number>[] = [];
      for (let step = 0; step < 5; step++) {
        outputs.push(chain.forward(X));
        truth.push(exact.forward(Float64Array.from(x), ROWS));
        const G = tensor(gradient, { backend, shape: [ROWS, 2] });
        chain.descend(G, 0.05);
        G.dispose();
        exact.descend(Float64Array.from(gradient), 0.05);
      }
      expect(reads()).toBe(0);
      expect(live()).toBe(held + outputs.length);
      for (const [step, f] of outputs.entries()) {
        expectClose((await f.read()).data, truth[step], { absolute: 1e-5, relative: 1e-5 });
      }
      expectClose(await chain.readParameters(), exact.readParameters(), { absolute: 1e-6, relative: 1e-6 });
      for (const f of outputs) f.dispose();
      chain.forward(X).dispose();
      chain.dispose();
      chain.dispose();
      expect(live()).toBe(1);
    },
  );

  it('is what forward runs on a device, and leaves only the outputs', async () => {
    const architecture = NETWORKS.tanh;
    const theta = initialize(architecture, { rng: createRng(3) });
    const { backend, reads, live } = standInDevice();
    const x = entries(ROWS * 3);
    const f = forward(architecture, theta, tensor(x, { backend, shape: [ROWS, 3] }));
    expect(reads()).toBe(0);
    expect(live()).toBe(2);
    const exact = forward(
      architecture,
      theta,
      tensor(Float64Array.from(x), { backend: ndarrayBackend(), shape: [ROWS, 3] }),
    );
    expectClose((await f.read()).data, toArray(exact), { absolute: 1e-6, relative: 1e-6 });
  });

  it('draws the masks of forward on a CPU', async () => {
    const architecture = network(3, dense(6), dropout(0.5), activate(ACTIVATIONS.relu), dense(2));
    const theta = initialize(architecture, { rng: createRng(3) });
    const x = entries(ROWS * 3);
    const options = { dropout: createRng(4) };
    const there = tensor(x, { backend: standInDevice().backend, shape: [ROWS, 3] });
    const here = tensor(Float64Array.from(x), { backend: ndarrayBackend(), shape: [ROWS, 3] });
    expectClose(
      (await forward(architecture, theta, there, options).read()).data,
      toArray(forward(architecture, theta, here, options)),
      { absolute: 1e-6 },
    );
  });

  it('runs on CPU backends in float32', () => {
    const architecture = NETWORKS.relu;
    const theta = initialize(architecture, { rng: createRng(2) });
    const backend = ndarrayBackend();
    const chain = deviceChain(architecture, theta, { backend });
    const X = tensor(entries(ROWS * 3), { backend, shape: [ROWS, 3] });
    const exact = networkChain(architecture, theta, { backend, maxRows: ROWS });
    expectClose(toArray(chain.forward(X)), exact.forward(Float64Array.from(toArray(X)), ROWS), {
      absolute: 1e-6,
      relative: 1e-6,
    });
  });

  it('keeps tanh and sigmoid from overflowing', async () => {
    const { backend } = standInDevice();
    for (const [name, ends] of [
      ['tanh', [-1, 0, 1]],
      ['sigmoid', [0, 0.5, 1]],
    ] as const) {
      const architecture = network(
        1,
        dense(1, { weightVariance: 1, biasVariance: 0 }),
        activate(ACTIVATIONS[name]),
        dense(1, { weightVariance: 1, biasVariance: 0 }),
      );
      const chain = deviceChain(architecture, new Float64Array([1, 0, 1, 0]), { backend });
      const f = chain.forward(tensor([[-1e6], [0], [1e6]], { backend }));
      expectClose((await f.read()).data, ends, { absolute: 1e-6 });
    }
  });

  it('refuses what does not fit and what it has not', () => {
    const { backend } = standInDevice();
    const architecture = NETWORKS.relu;
    const theta = initialize(architecture, { rng: createRng(1) });
    const chain = deviceChain(architecture, theta, { backend });
    const X = tensor(entries(6), { backend, shape: [2, 3] });
    const G = tensor(entries(4), { backend, shape: [2, 2] });
    expect(() => chain.descend(G, 0.1)).toThrow('there has been no forward pass');
    expect(() => chain.forward(G)).toThrow(
      'deviceChain(…).forward: X must be [2, 3] on backend stand-in (float32), got "[2, 2] on stand-in (float32)"',
    );
    chain.forward(X);
    expect(() => chain.descend(X, 0.1)).toThrow('deviceChain(…).descend: gradient must be [2, 2]');
    expect(() => chain.descend(G, Number.NaN)).toThrow('rate must be a finite number of at least 0');
    expect(() => chain.forward(tensor(entries(6), { backend: ndarrayBackend(), shape: [2, 3] }))).toThrow(
      'got "[2, 3] on ndarray (float32)"',
    );
    chain.dispose();
    expect(() => chain.forward(X)).toThrow('the chain has been disposed of');
    expect(() =>
      deviceChain(
        architecture,
        theta.map(() => Number.NaN),
        { backend },
      ),
    ).toThrow('theta must be finite');
    const sine = fullyConnected({ inputs: 1, hidden: [1], activation: ACTIVATIONS.sine });
    expect(() => deviceChain(sine, new Float64Array(4), { backend })).toThrow(
      'deviceChain: devices have the activations linear, relu, leakyRelu(0.01), absolute, tanh, sigmoid, silu, softplus, elu, selu, erf, gelu, not sine; train on a CPU backend',
    );
  });

  it('keeps averages, which a chain goes on from', async () => {
    const { backend } = standInDevice();
    const architecture = NETWORKS.tanh;
    const theta = initialize(architecture, { rng: createRng(1), dtype: 'float32' });
    const rule = { kind: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: 0 } as const;
    const X = tensor(entries(6), { backend, shape: [2, 3] });
    const G = tensor(entries(4), { backend, shape: [2, 2] });
    const step = (chain: DeviceChain): void => {
      chain.forward(X).dispose();
      chain.descend(G, 0.1);
    };
    const whole = deviceChain(architecture, theta, { backend, rule });
    step(whole);
    const [now, averages] = [await whole.readParameters(), await whole.readAverages()];
    step(whole);
    const rest = deviceChain(architecture, now, { backend, rule, averages, steps: 1 });
    step(rest);
    expect(await rest.readParameters()).toEqual(await whole.readParameters());
    expect(await rest.readAverages()).toEqual(await whole.readAverages());
    expect(() => deviceChain(architecture, theta, { backend, rule, averages: [now] })).toThrow(
      'averages must be 2 arrays',
    );
  });
});

describe('deviceActivation', () => {
  const known = Object.values(ACTIVATIONS).filter((activation) => {
    try {
      return deviceActivation('test', activation);
    } catch {
      return false;
    }
  });

  it.each(known)('has the values and derivatives of $name, far out too', async (activation) => {
    const { backend } = standInDevice();
    const h = Float32Array.from({ length: 241 }, (_, i) => (i - 120) / 8 + (i % 2) / 100);
    const H = tensor(Float32Array.of(-80, ...h, 80), { backend, shape: [243, 1] });
    const { value, derivative } = deviceActivation('test', activation);
    const exact = (f: (at: number) => number) => Float64Array.of(-80, ...h, 80).map(f);
    // float32, and the rational form of erf.
    const close = { absolute: 5e-7, relative: 1e-6 };
    expectClose((await value(H).read()).data, exact(activation.value), close);
    expectClose((await derivative(H).read()).data, exact(activation.derivative), close);
  });
});
