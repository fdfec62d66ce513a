import {
  activate,
  branches,
  convolution,
  dense,
  flatten,
  globalPooling,
  type Layer,
  layerNorm,
  network,
  pooling,
  relu,
  residual,
  serial,
} from '@sntk/architecture';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { imagePairs, imageRun, readImages } from '../src/images.ts';
import { spatialPlanOf } from '../src/plan.ts';
import { spatialNodes } from '../src/spatial-nodes.ts';
import { pairRun } from '../src/spatial-recursion.ts';
import { sizeOf } from '../src/spatial-size.ts';
import type { Buffers } from '../src/spatial-state.ts';

const shape = [5, 4, 2];
const phi = activate(relu);
const conv = convolution(3, [3, 3]);
const average = globalPooling('average');
const strided = convolution(3, [2, 2], { strides: [2, 2] });

/** Buffers that count the numbers which are taken and not yet given back. */
function counted(): { readonly buffers: Buffers; readonly most: () => number } {
  let [live, most] = [0, 0];
  return {
    most: () => most,
    buffers: {
      take(length) {
        live += length;
        most = Math.max(most, live);
        return new Float64Array(length);
      },
      give(array) {
        live -= array.length;
      },
    },
  };
}

const networks: [string, Layer][] = [
  ['flatten', serial(conv, phi, conv, flatten, dense(1))],
  ['global pooling', serial(conv, phi, conv, phi, average, dense(1))],
  ['strides', serial(strided, phi, conv, layerNorm(), phi, average, dense(1))],
  ['pooling between', serial(conv, pooling('average', [2, 2]), conv, phi, flatten, dense(1))],
  ['residual branches', serial(conv, residual(phi, conv), residual(phi, conv), phi, average, dense(1))],
  [
    'branches that pool',
    serial(
      conv,
      branches(
        'concatenate',
        pooling('sum', [2, 2], { padding: 'same' }),
        serial(strided, phi),
        serial(phi, strided),
      ),
      flatten,
      dense(1),
    ),
  ],
];

describe('the size of a call', () => {
  it.each(networks)(
    'is what a pair of images holds, or at most half as much again where branches end: %s',
    (_, layer) => {
      const plan = spatialNodes(spatialPlanOf(network(shape, layer), shape, 'test'), 20);
      const data = new Float64Array(2 * 40);
      createRng('size').fillNormal(data);
      const images = readImages('X', tensor(data, { backend: ndarrayBackend(), shape: [2, 40] }), {
        where: 'test',
        shape,
      });
      const { buffers, most } = counted();
      const run = imageRun(images, { plan, buffers, where: 'test', argument: 'X' });
      const [u, v] = [run(0), run(1)];
      pairRun(plan, buffers)(imagePairs(images, 0, images, 1, { full: plan.full, buffers }), u, v);
      const size = sizeOf(plan);
      expect(size.pairs).toBeGreaterThanOrEqual(most());
      expect(size.pairs).toBeLessThanOrEqual(1.5 * most());
      const numbers = u.sites.map((each) =>
        Object.values(each).reduce((sum, array) => sum + array.length, 0),
      );
      expect(size.tape).toBe(numbers.reduce((a, b) => a + b));
    },
  );
});
