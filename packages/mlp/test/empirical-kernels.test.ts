import { erfActivation, fullyConnected, relu } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng } from '@sntk/random';
import { expectClose } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { ntkConvergence } from '../src/experiments.ts';
import {
  empiricalNngp,
  empiricalNtk,
  empiricalNtkBlocks,
  forward,
  initialize,
  jacobian,
  ntkVectorProduct,
} from '../src/index.ts';

const backend = ndarrayBackend();
const rng = createRng('empirical kernels');
const [N, M, O] = [5, 3, 3];

function points(label: string, rows: number, columns: number): Tensor {
  const data = new Float64Array(rows * columns);
  rng.split(label).fillNormal(data);
  return tensor(data, { backend, shape: [rows, columns] });
}

const X = points('X', N, 2);
const Z = points('Z', M, 2);

describe.each([relu, erfActivation])('the tangent kernel over all outputs, of $name units', (activation) => {
  const network = fullyConnected({ inputs: 2, hidden: [7, 6], outputs: O, activation });
  const theta = initialize(network, { rng });

  /** `Σ_p J[n, o, p] J[m, q, p]` of the Jacobian written out. */
  function contraction(left: Tensor, right: Tensor): (n: number, m: number, o: number, q: number) => number {
    const [a, b] = [left, right].map((points) => toArray(jacobian(network, theta, { X: points })));
    const P = theta.length;
    return (n, m, o, q) => {
      let sum = 0;
      for (let p = 0; p < P; p++) sum += a[(n * O + o) * P + p] * b[(m * O + q) * P + p];
      return sum;
    };
  }

  it.each([
    ['itself', undefined],
    ['other points', Z],
  ] as const)('is the contraction of the Jacobian, against %s', (_, other) => {
    const truth = contraction(X, other ?? X);
    const right = other ? { Z: other } : {};
    const full = empiricalNtk(network, theta, { X, ...right, outputs: 'full' });
    const columns = (other ?? X).shape[0];
    expect(full.shape).toEqual([N, columns, O, O]);
    const diagonal = toArray(empiricalNtk(network, theta, { X, ...right, outputs: 'diagonal' }));
    const trace = toArray(empiricalNtk(network, theta, { X, ...right, outputs: 'trace' }));
    const entries = toArray(full);
    for (let n = 0; n < N; n++) {
      for (let m = 0; m < columns; m++) {
        let sum = 0;
        for (let o = 0; o < O; o++) {
          sum += truth(n, m, o, o);
          expectClose(diagonal[(n * columns + m) * O + o], truth(n, m, o, o), { absolute: 1e-12 });
          for (let q = 0; q < O; q++) {
            const at = ((n * columns + m) * O + o) * O + q;
            expectClose(entries[at], truth(n, m, o, q), { absolute: 1e-12 });
          }
        }
        expectClose(trace[n * columns + m], sum, { absolute: 1e-12 });
      }
    }
  });

  it('multiplies vectors as J Jᵀ does', () => {
    const vector = points('vector', M, O);
    const v = toArray(vector);
    const full = toArray(empiricalNtk(network, theta, { X, Z, outputs: 'full' }));
    const product = new Float64Array(N * O);
    for (let n = 0; n < N; n++)
      for (let m = 0; m < M; m++)
        for (let o = 0; o < O; o++)
          for (let q = 0; q < O; q++)
            product[n * O + o] += full[((n * M + m) * O + o) * O + q] * v[m * O + q];
    expectClose(toArray(ntkVectorProduct(network, theta, { X, Z, vector })), product, { absolute: 1e-11 });
  });

  it('is the same in blocks that do not divide the number of points', () => {
    const whole = toArray(empiricalNtk(network, theta, { X, outputs: 'full' }));
    const crossed = toArray(empiricalNtk(network, theta, { X, Z, outputs: 'full' }));
    for (const [options, columns, kernel, count] of [
      [{ X }, N, whole, 6],
      [{ X, Z }, M, crossed, 6],
    ] as const) {
      const blocks = [...empiricalNtkBlocks(network, theta, { ...options, outputs: 'full', blockRows: 2 })];
      expect(blocks.length).toBe(count);
      for (const { row, column, kernel: block } of blocks) {
        const [rows, width] = block.shape;
        const entries = toArray(block);
        for (let i = 0; i < rows; i++) {
          const from = ((row + i) * columns + column) * O * O;
          const wanted = kernel.subarray(from, from + width * O * O);
          expectClose(entries.subarray(i * width * O * O, (i + 1) * width * O * O), wanted, {
            absolute: 1e-12,
          });
        }
      }
    }
  });
});

describe('the kernel in blocks', () => {
  it('refuses blocks of no rows', () => {
    const network = fullyConnected({ inputs: 2, hidden: [3] });
    const theta = initialize(network, { rng });
    expect(() => [...empiricalNtkBlocks(network, theta, { X, blockRows: 0 })]).toThrow('options.blockRows');
  });
});

describe('the NNGP kernel of a finite network', () => {
  const network = fullyConnected({ inputs: 2, hidden: [4], weightVariance: 1.5, biasVariance: 0.3 });

  it('is the covariance of outputs over draws of the last layer', () => {
    const draws = 20_000;
    const theta = initialize(network, { rng });
    const kernel = toArray(empiricalNngp(network, theta, { X }));
    const sum = new Float64Array(N * N);
    const squares = new Float64Array(N * N);
    for (let i = 0; i < draws; i++) {
      const redrawn = theta.slice();
      rng.split('last').split(i).fillNormal(redrawn.subarray(12));
      const f = toArray(forward(network, redrawn, X));
      for (let p = 0; p < N * N; p++) {
        const product = f[Math.floor(p / N)] * f[p % N];
        sum[p] += product / draws;
        squares[p] += product ** 2 / draws;
      }
    }
    sum.forEach((mean, p) => {
      expect(Math.abs(mean - kernel[p])).toBeLessThan(4 * Math.sqrt((squares[p] - mean ** 2) / draws));
    });
  });

  it('has, with one hidden layer, the analytic kernel as its mean at any width', () => {
    const exact = toArray(analyticKernel(network, { X }).nngp);
    const draws = 20_000;
    const sum = new Float64Array(N * N);
    const squares = new Float64Array(N * N);
    for (let i = 0; i < draws; i++) {
      const theta = initialize(network, { rng: rng.split('hidden').split(i) });
      const kernel = toArray(empiricalNngp(network, theta, { X }));
      for (let p = 0; p < N * N; p++) {
        sum[p] += kernel[p] / draws;
        squares[p] += kernel[p] ** 2 / draws;
      }
    }
    sum.forEach((mean, p) => {
      expect(Math.abs(mean - exact[p])).toBeLessThan(4 * Math.sqrt((squares[p] - mean ** 2) / draws));
    });
  });
});

describe('ntkConvergence', () => {
  const network = (width: number) => fullyConnected({ inputs: 2, hidden: [width, width] });
  const on = wasmBackend();
  const W = tensor(
    [...Array(N).keys()].map((i) => [Math.cos(i), Math.sin(i)]),
    { backend: on },
  );
  const exact = analyticKernel(network(1), { X: W }).ntk;

  it('finds the rate n^{−1/2} within its error', () => {
    const { slope, slopeError, errors } = ntkConvergence({
      network,
      widths: [64, 128, 256, 512],
      draws: 60,
      X: W,
      exact,
      rng: rng.split('rate'),
    });
    expect(errors[3]).toBeLessThan(errors[0]);
    expect(slopeError).toBeLessThan(0.05);
    expect(Math.abs(slope + 0.5)).toBeLessThan(4 * slopeError);
  });

  it('stops at an abort, and refuses a single width and a kernel of other points', () => {
    const options = { network, widths: [4, 8], draws: 2, X: W, exact, rng };
    expect(() => ntkConvergence({ ...options, signal: AbortSignal.abort() })).toThrow('abort');
    expect(() => ntkConvergence({ ...options, widths: [4, 4] })).toThrow('two widths');
    expect(() => ntkConvergence({ ...options, X: Z })).toThrow('options.exact must be of length 9');
  });
});
