import { describe, expect, it } from 'vitest';
import {
  activate,
  convolution,
  dense,
  flatten,
  globalPooling,
  network,
  parameterCount,
  pooling,
  relu,
  resolveLayers,
} from '../src/index.ts';

describe('layers over sites', () => {
  it('are plain data with defaults: stride 1 and zeros around convolutions, whole windows for pooling', () => {
    expect(convolution(4, [3, 5])).toEqual({
      kind: 'convolution',
      outputs: 4,
      window: [3, 5],
      strides: [1, 1],
      padding: 'same',
      weightVariance: 2,
      biasVariance: 1,
      parameterization: 'ntk',
    });
    expect(pooling('average', [2, 3])).toEqual({
      kind: 'pooling',
      reduce: 'average',
      window: [2, 3],
      strides: [2, 3],
      padding: 'valid',
    });
    const layers = [convolution(4, [3], { padding: 'circular' }), globalPooling('sum'), flatten];
    expect(JSON.parse(JSON.stringify(layers))).toEqual(layers);
  });

  it('refuse numbers and names that mean nothing', () => {
    expect(() => convolution(0, [3])).toThrow('channels must be an integer of at least 1');
    expect(() => convolution(4, [])).toThrow('window must be a size for each spatial axis, got []');
    expect(() => convolution(4, 3 as never)).toThrow(
      'convolution: window must be a size for each spatial axis, got 3',
    );
    expect(() => pooling('sum', 2 as never)).toThrow('pooling: window must be a size for each');
    expect(() => pooling('sum', [2], { strides: 2 as never })).toThrow(
      "pooling: options.strides must be one for each of the window's 1 axes, got 2",
    );
    expect(() => convolution(4, [3, 0])).toThrow('window[1]');
    expect(() => convolution(4, [3, 3], { strides: [2] })).toThrow("one for each of the window's 2 axes");
    expect(() => convolution(4, [3], { strides: [0] })).toThrow('options.strides[0]');
    expect(() => convolution(4, [3], { padding: 'full' as never })).toThrow('options.padding');
    expect(() => convolution(4, [3], { weightVariance: 0 })).toThrow('options.weightVariance');
    expect(() => pooling('max' as never, [2])).toThrow('reduce must be one of sum, average');
    expect(() => globalPooling('max' as never)).toThrow('reduce must be one of sum, average');
  });

  it('belong to networks of images, whose inputs are the product of their sizes', () => {
    const images = network([8, 6, 3], flatten, dense(1));
    expect(images.inputs).toBe(144);
    expect(images.inputShape).toEqual([8, 6, 3]);
    expect(network(144, dense(1)).inputShape).toBeUndefined();
    expect(() => network([8], dense(1))).toThrow('sizes of one or more spatial axes');
    expect(() => network([8, 1.5], dense(1))).toThrow('inputs[1]');
  });

  it('are refused by finite networks, which names the layer', () => {
    const images = network([8, 6, 3], convolution(4, [3, 3]), activate(relu), flatten, dense(1));
    expect(() => resolveLayers(images)).toThrow('architecture.layers[0]');
    expect(() => parameterCount(images)).toThrow(
      'got "convolution"; parameterLayout of @sntk/mlp reads networks with the rest',
    );
    // A dense layer at every site is not one over all of them.
    expect(() => resolveLayers(network([8, 6, 3], dense(1)))).toThrow('make the network of 144 inputs');
  });
});
