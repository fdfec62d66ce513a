import { describe, expect, it } from 'vitest';
import {
  activate,
  branches,
  checkLayer,
  convolution,
  dense,
  dropout,
  fullyConnected,
  identity,
  layerNorm,
  network,
  type Parameterization,
  pooling,
  relu,
  repeat,
  residual,
  resolveLayers,
  serial,
} from '../src/index.ts';

describe('layers as plain data', () => {
  it('survive JSON but for their activations', () => {
    const layer = residual(layerNorm(), dense(3), dropout(0.5));
    expect(JSON.parse(JSON.stringify(layer))).toEqual(layer);
  });

  it('unroll to the chain that fullyConnected makes', () => {
    const built = network(2, repeat(serial(dense(4), activate(relu)), 3), identity, dense(1));
    expect(resolveLayers(built)).toEqual(resolveLayers(fullyConnected({ inputs: 2, hidden: [4, 4, 4] })));
  });

  it('take variances per layer, as dense layers do', () => {
    const built = fullyConnected({
      inputs: 2,
      hidden: [4, 5],
      weightVariance: [1, 2, 3],
      biasVariance: [0.5, 0, 1],
    });
    const one = (outputs: number, weightVariance: number, biasVariance: number) =>
      dense(outputs, { weightVariance, biasVariance });
    const same = network(2, one(4, 1, 0.5), activate(relu), one(5, 2, 0), activate(relu), one(1, 3, 1));
    expect(built).toEqual(same);
    expect(() => fullyConnected({ inputs: 2, hidden: [4], weightVariance: [1] })).toThrow(
      'fullyConnected: options.weightVariance must be of length 2 (one for each dense layer, the last included), got "length 1"',
    );
    expect(() => fullyConnected({ inputs: 2, hidden: [4], biasVariance: [1, -1] })).toThrow(
      'options.biasVariance[1] must be a finite number of at least 0, got -1',
    );
    expect(() => fullyConnected({ inputs: 2, hidden: [4], weightVariance: '2' as never })).toThrow(
      'weightVariance',
    );
  });

  it('have the scales and initial deviations of their parameterization, MATH (1) and (2), and no bias at σ_b² = 0', () => {
    const scalesOf = (parameterization: Parameterization, biasVariance: number) => {
      const [, layer] = resolveLayers(
        network(3, dense(9), dense(4, { weightVariance: 4, biasVariance, parameterization })),
      );
      return [
        layer.weightScale,
        layer.weightDeviation,
        layer.biasScale,
        layer.biasDeviation,
        layer.biasVariance,
      ];
    };
    // Nine inputs: σ_w/√n = 2/3. With a bias, σ_b = 1/2.
    expect(scalesOf('ntk', 0.25)).toEqual([2 / 3, 1, 0.5, 1, 0.25]);
    expect(scalesOf('ntk', 0)).toEqual([2 / 3, 1, 0, 1, 0]);
    expect(scalesOf('standard', 0.25)).toEqual([1, 2 / 3, 1, 0.5, 0.25]);
    expect(scalesOf('standard', 0)).toEqual([1, 2 / 3, 0, 1, 0]);
    expect(scalesOf({ weightScale: 0.5, biasScale: 2 }, 0.25)).toEqual([0.5, 4 / 3, 2, 0.25, 0.25]);
    expect(scalesOf({ weightScale: 0.5, biasScale: 2 }, 0)).toEqual([0.5, 4 / 3, 0, 1, 0]);
    expect(scalesOf({ weightScale: 0.5, biasScale: 0 }, 0.25)).toEqual([0.5, 4 / 3, 0, 1, 0]);
  });

  it('are refused by resolveLayers where they are no chain, by their place', () => {
    const built = network(2, dense(4), serial(residual(activate(relu), dense(4))));
    expect(() => resolveLayers(built)).toThrow(
      'architecture.layers[1].layers[0] must be a dense layer, an activation, or a serial layer of these, got "branches"',
    );
  });

  it('are refused when written by hand with numbers that mean nothing, by place', () => {
    const refused = (layer: object): (() => unknown) => {
      const built = network(2, dense(4), activate(relu), layer as never, dense(1));
      return () => resolveLayers(built);
    };
    const place = 'resolveLayers: architecture.layers[2]';
    expect(refused({ ...dense(4), weightVariance: -1 })).toThrow(
      `${place}.weightVariance must be a finite number above 0, got -1`,
    );
    expect(refused({ ...dense(4), weightVariance: Number.NaN })).toThrow('got NaN');
    expect(refused({ ...dense(4), biasVariance: -0.5 })).toThrow(
      `${place}.biasVariance must be a finite number of at least 0, got -0.5`,
    );
    expect(refused({ ...dense(4), outputs: 2.5 })).toThrow(
      `${place}.outputs must be an integer of at least 1`,
    );
    expect(refused({ ...dense(4), parameterization: 'mup' })).toThrow(
      `${place}.parameterization must be one of ntk, standard, got "mup"`,
    );
    expect(refused({ ...dense(4), parameterization: { weightScale: 0, biasScale: 1 } })).toThrow(
      `${place}.parameterization.weightScale`,
    );
    expect(refused({ kind: 'activation', activation: 'relu' })).toThrow(
      `${place}.activation must be an activation`,
    );
    expect(() => resolveLayers({ inputs: 0, layers: [dense(1)] })).toThrow('architecture.inputs');
    expect(() => checkLayer('f', 'layer', { kind: 'dropout', keep: 2 })).toThrow(
      'f: layer.keep must be at most 1',
    );
    expect(() => checkLayer('f', 'layer', { kind: 'layerNorm', epsilon: 0 })).toThrow('f: layer.epsilon');
    const pool = pooling('sum', [2, 2]);
    expect(() => checkLayer('f', 'layer', { ...pool, strides: [0, 1] })).toThrow('f: layer.strides[0]');
    const conv = convolution(3, [2]);
    expect(() => checkLayer('f', 'layer', { ...conv, window: [1.5] })).toThrow('f: layer.window[0]');
    expect(() => checkLayer('f', 'layer', { ...conv, biasVariance: -1 })).toThrow('f: layer.biasVariance');
    const named = (layer: object) => () => checkLayer('f', 'layer', layer as never);
    expect(named({ ...pool, reduce: 'max' })).toThrow(
      'f: layer.reduce must be one of sum, average, got "max"',
    );
    expect(named({ kind: 'globalPooling', reduce: 'max' })).toThrow('f: layer.reduce');
    const merged = branches('sum', dense(3));
    expect(named({ ...merged, merge: 'mean' })).toThrow(
      'f: layer.merge must be one of sum, product, concatenate, got "mean"',
    );
    expect(named({ ...merged, branches: [] })).toThrow('f: layer.branches must be one or more, got "none"');
    expect(named({ kind: 'activation', activation: { value: Math.tanh } })).toThrow(
      'f: layer.activation must be an activation, an object with value, derivative and secondDerivative',
    );
    expect(named(undefined as never)).toThrow('f: layer.kind must be a kind of layer');
    expect(named({ kind: 'attention' })).toThrow(
      'f: layer.kind must be a kind of layer that @sntk/architecture has, got "attention"',
    );
  });

  it('refuse numbers that mean nothing', () => {
    expect(() => dense(0)).toThrow('outputs must be an integer of at least 1');
    expect(() => dense(3, { weightVariance: -1 })).toThrow('options.weightVariance');
    expect(() => dropout(1.5)).toThrow('keep must be at most 1');
    expect(() => dropout(0)).toThrow('keep must be a finite number above 0');
    expect(() => layerNorm(0)).toThrow('epsilon');
    expect(() => branches('sum')).toThrow('layers must be one or more');
    expect(() => repeat(identity, -1)).toThrow('times');
    expect(() => fullyConnected({ inputs: 2, hidden: 64 as never })).toThrow(
      'fullyConnected: options.hidden must be a list of widths, one for each hidden layer, got 64',
    );
    expect(() => network(undefined as never, dense(1))).toThrow('network: inputs must be a number, or sizes');
  });
});
