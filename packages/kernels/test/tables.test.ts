import {
  activate,
  activationByName,
  dense,
  dropout,
  erfActivation,
  fullyConnected,
  network,
} from '@sntk/architecture';
import { ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { analyticKernel } from '../src/index.ts';

const backend = ndarrayBackend();

/** Random points, the last ones equal, nearly equal and opposite to the first. */
function points(count: number): Tensor {
  const data = new Float64Array(2 * count);
  createRng('tables').fillNormal(data);
  [1, 1 + 1e-8, -1].forEach((scale, k) => {
    for (const p of [0, 1]) data[2 * (count - 1 - k) + p] = scale * data[p];
  });
  return tensor(data, { backend, shape: [count, 2] });
}

describe.each(['tanh', 'softplus', 'selu'])('a kernel of %s so large that tables are used', (name) => {
  const architecture = fullyConnected({ inputs: 2, hidden: [1, 1], activation: activationByName(name) });
  const X = points(70);
  const { nngp, ntk } = analyticKernel(architecture, { X });

  it('agrees with the careful quadratures', () => {
    const rows = toArray(X).slice(0, 2 * 2);
    // 140 pairs, too few for tables.
    const careful = analyticKernel(architecture, { X: tensor(rows, { backend, shape: [2, 2] }), Z: X });
    for (const [found, exact] of [
      [nngp, careful.nngp],
      [ntk, careful.ntk],
    ]) {
      const K = toArray(found);
      toArray(exact).forEach((value, at) => {
        const [i, j] = [Math.floor(at / 70), at % 70];
        const scale = Math.sqrt(K[i * 71] * K[j * 71]);
        expect(Math.abs(K[at] - value), `${i} ${j}`).toBeLessThanOrEqual(1e-11 * scale);
      });
    }
  });

  it('is symmetric to the last bit', () => {
    const K = toArray(ntk);
    for (let i = 0; i < 70; i++) for (let j = 0; j < i; j++) expect(K[i * 70 + j]).toBe(K[j * 70 + i]);
  });
});

describe('tables', () => {
  it('are asked for from 2,000 pairs on', () => {
    const asked = (...counts: [number] | [number, number]): number => {
      let times = 0;
      const many = () => {
        times++;
        return erfActivation.dual!.pair;
      };
      const activation = { ...erfActivation, dual: { ...erfActivation.dual!, many } };
      const [X, Z] = counts.map(points);
      analyticKernel(fullyConnected({ inputs: 2, hidden: [1], activation }), Z ? { X, Z } : { X });
      return times;
    };
    expect([asked(63), asked(64), asked(40, 49), asked(40, 50)]).toEqual([0, 1, 0, 1]);
  });

  it('serve every place of an activation in a tree, and other layers beside it', () => {
    const tanh = activate(activationByName('tanh'));
    const X = points(64);
    const architecture = network(2, dense(4), tanh, dropout(0.5), dense(1));
    const whole = toArray(analyticKernel(architecture, { X }).ntk);
    const one = tensor(toArray(X).slice(0, 2), { backend, shape: [1, 2] });
    toArray(analyticKernel(architecture, { X: one, Z: X }).ntk).forEach((value, j) => {
      if (j > 0) expect(Math.abs(value - whole[j])).toBeLessThanOrEqual(1e-11 * whole[0]);
    });
  });
});
