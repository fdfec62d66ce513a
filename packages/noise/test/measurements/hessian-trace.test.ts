import { type Architecture, erfActivation, fullyConnected } from '@sntk/architecture';
import { eye, type FloatArray, ndarrayBackend, type Tensor, tensor, toArray, toFloat64 } from '@sntk/linalg';
import type { LinearOperator } from '@sntk/linalg/operators';
import { exampleGradients, hvp, initialize, outputHessianTrace } from '@sntk/mlp';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { gradientNoise } from '../../src/index.ts';
import { measureHessianTrace, measureRate } from '../../src/measurements.ts';

const backend = ndarrayBackend();
const rng = createRng('hessian');
const network = fullyConnected({ inputs: 2, hidden: [6, 5], activation: erfActivation });
const theta = initialize(network, { rng: rng.split('theta') });
const P = theta.length;
const X = tensor(
  [
    [1, 0],
    [0.2, -1],
    [-1, 0.5],
  ],
  { backend },
);
const residuals = tensor([[1], [-0.5], [2]], { backend });
const x = tensor([[0.4, 0.7]], { backend });
const one = tensor([[1]], { backend });

/** The Hessian of the output at `x` over parameters. */
function hessianAt(architecture: Architecture, parameters: FloatArray): LinearOperator {
  const size = parameters.length;
  const apply = (V: Tensor): Tensor => {
    const [, q] = V.shape;
    const out = new Float64Array(size * q);
    for (let k = 0; k < q; k++) {
      const tangent = Float64Array.from({ length: size }, (_, p) => toArray(V)[p * q + k]);
      hvp(architecture, parameters, { X: x, cotangent: one, tangent }).forEach((value, p) => {
        out[p * q + k] = value;
      });
    }
    return tensor(out, { backend, shape: [size, q] });
  };
  return { size, backend, dtype: 'float64', apply, toDense: () => apply(eye(size, { backend })) };
}

const H = hessianAt(network, theta);
const G = exampleGradients(network, theta, { X, cotangent: residuals });

describe('the trace of Lemma 5', () => {
  it('is that of second derivatives along gradients, and below its bound', () => {
    const noise = gradientNoise(G, { kind: 'printed', members: [0, 1, 2] });
    const { trace, holds, ratio, noiseTrace } = measureHessianTrace(H, noise, { learningRate: 0.3, rng });
    const wanted = outputHessianTrace(network, theta, { X, residuals, learningRate: 0.3, at: x });
    expect(trace / toArray(wanted)[0]).toBeCloseTo(1, 10);
    expect(holds).toBe(true);
    expect(ratio).toBeLessThan(1);
    expect(noiseTrace).toBeCloseTo(
      toFloat64(G).reduce((sum, g) => sum + (g * g) / 3, 0),
      10,
    );
  });

  it('reaches the bound for noise along the steepest direction', () => {
    const D = tensor(
      [
        [0, 0, 0],
        [0, -3, 0],
        [0, 0, 2],
      ],
      { backend },
    );
    const operator: LinearOperator = {
      size: 3,
      backend,
      dtype: 'float64',
      apply: (V) => backend.matmul(D, V, {}),
      toDense: () => D,
    };
    const noise = gradientNoise(tensor([[0, 2, 0]], { backend }), { kind: 'printed', members: [0] });
    const { trace, hessianNorm, ratio, holds, bound } = measureHessianTrace(operator, noise, {
      learningRate: 0.25,
      rng,
    });
    expect(trace).toBe(-3);
    expect(bound).toBeCloseTo(0.25 * 3 * 4, 9);
    expect(hessianNorm).toBeCloseTo(3, 9);
    expect(ratio).toBeCloseTo(1, 9);
    expect(holds).toBe(true);
  });

  it('is not told to be above a bound that iterations find to six digits only', () => {
    const size = 300;
    const values = Float64Array.from({ length: size }, (_, p) => (p === 0 ? 1 : 1 - 1e-5 * rng.uniform()));
    const operator: LinearOperator = {
      size,
      backend,
      dtype: 'float64',
      apply: (V) =>
        tensor(
          toFloat64(V).map((value, p) => value * values[Math.floor(p / V.shape[1])]),
          { backend, shape: V.shape },
        ),
      toDense: () => operator.apply(eye(size, { backend })),
    };
    const steepest = tensor(
      values.map((_, p) => (p === 0 ? 1 : 0)),
      { backend, shape: [1, size] },
    );
    const noise = gradientNoise(steepest, { kind: 'printed', members: [0] });
    const { ratio, holds } = measureHessianTrace(operator, noise, { learningRate: 1, rng });
    expect(ratio).toBeCloseTo(1, 6);
    expect(holds).toBe(true);
  });

  it('has a norm in its bound that falls slower than n^{−1/2}, by a logarithm (erratum 9)', () => {
    const widths = [16, 64, 256];
    const norms = widths.map((width) =>
      Array.from({ length: 8 }, (_, draw) => {
        const wide = fullyConnected({ inputs: 2, hidden: [width], activation: erfActivation });
        const stream = rng.split('norm').split(width).split(draw);
        const start = initialize(wide, { rng: stream });
        const along = new Float64Array(start.length);
        stream.split('along').fillNormal(along);
        const noise = gradientNoise(tensor(along, { backend, shape: [1, start.length] }), {
          kind: 'printed',
          members: [0],
        });
        const result = measureHessianTrace(hessianAt(wide, start), noise, { learningRate: 1, rng: stream });
        return result.hessianNorm;
      }),
    );
    const { slope, slopeError, holds } = measureRate(widths, norms, { order: -0.5 });
    expect(holds).toBe(false);
    const logarithm = norms.map((values, w) => values.map((norm) => norm / Math.sqrt(Math.log(widths[w]))));
    expect(Math.abs(measureRate(widths, logarithm, { order: -0.5 }).slope + 0.5)).toBeLessThan(
      Math.abs(slope + 0.5),
    );
    expect(slopeError).toBeLessThan(0.1);
  });

  it('needs both over the same parameters', () => {
    const noise = gradientNoise(tensor([[1, 2]], { backend }), { kind: 'printed', members: [0] });
    expect(() => measureHessianTrace(H, noise, { learningRate: 1, rng })).toThrow(`of size ${P}`);
  });
});
