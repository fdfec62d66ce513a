import { erfActivation, fullyConnected } from '@sntk/architecture';
import { ndarrayBackend, sub, tensor, toFloat64 } from '@sntk/linalg';
import { forward, initialize, train } from '@sntk/mlp';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { measureRate, measureResiduals } from '../../src/measurements.ts';

const backend = ndarrayBackend();
const X = tensor(
  [
    [1, 0],
    [0.2, -1],
    [-1, 0.5],
    [0.3, 0.8],
  ],
  { backend },
);
const Y = tensor([[1], [-1], [1], [-1]], { backend });

describe('Lemma 1 on networks of several widths', () => {
  it('holds, while neither f nor the parameters stay within n^{−1/2} of the start (erratum 9)', async () => {
    const widths = [16, 48, 144];
    const [largest, moved, distance] = [0, 1, 2].map(() => widths.map((): number[] => []));
    for (const [w, width] of widths.entries()) {
      const network = fullyConnected({ inputs: 2, hidden: [width, width], activation: erfActivation });
      for (let draw = 0; draw < 6; draw++) {
        const theta0 = initialize(network, { rng: createRng('lemma 1').split(width).split(draw) });
        let theta = theta0;
        const residual = () => toFloat64(sub(forward(network, theta, X), Y)).slice();
        const run = [residual()];
        for await (const { checkpoint } of train(network, theta0, {
          X,
          Y,
          steps: 60,
          learningRate: 0.2,
          every: 10,
        })) {
          theta = checkpoint.theta as typeof theta0;
          run.push(residual());
        }
        const result = measureResiduals(run);
        expect(result.holds).toBe(true);
        largest[w].push(result.measured);
        moved[w].push(result.moved);
        distance[w].push(Math.hypot(...theta.map((value, p) => value - theta0[p])));
      }
    }
    expect(measureRate(widths, largest, { order: 0 }).holds).toBe(true);
    expect(measureRate(widths, moved, { order: -0.5 }).holds).toBe(false);
    expect(measureRate(widths, distance, { order: -0.5 }).holds).toBe(false);
  });
});
