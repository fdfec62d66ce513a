import { checkNonNegative } from '@sntk/errors';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { conformanceCases } from '../src/conformance.ts';
import {
  type CpuKernels,
  checkChainGradient,
  checkChainInput,
  createCpuBackend,
  type FusedKernels,
} from '../src/extending.ts';
import {
  add,
  type Backend,
  type DenseChain,
  type FloatArray,
  matmul,
  ndarrayBackend,
  type Tensor,
  tensor,
  toArray,
  toFloat64,
} from '../src/index.ts';
import { plainFactorKernels } from '../src/plain-factor.ts';
import { plainGemm } from '../src/plain-gemm.ts';

const plain = ndarrayBackend();

/** The recursion in half-angle form, which shares no formula with the suite's. */
const reluRecursion: FusedKernels['reluRecursion'] = (request) => {
  const { rows, columns, near, mirrored, firstLayer = { weight: 1, bias: 0 } } = request;
  for (let at = 0; at < rows * columns; at++) {
    const [i, j] = [Math.floor(at / columns), at % columns];
    if (mirrored && j >= i) continue;
    const first = firstLayer.weight * request.firstNngp[at] + firstLayer.bias;
    let k = first;
    let ntk = k;
    request.weightVariances.forEach((w, l) => {
      const p = Math.sqrt(request.rowVariances[l * rows + i]);
      const q = Math.sqrt(request.columnVariances[l * columns + j]);
      const minus = Math.sqrt(Math.max(0, p * q - k));
      const plus = Math.sqrt(Math.max(0, p * q + k));
      const angle = 2 * Math.atan2(minus, plus);
      k = (w / (2 * Math.PI)) * (minus * plus + (Math.PI - angle) * k) + request.biasVariances[l];
      ntk = k + (w * (Math.PI - angle) * ntk) / (2 * Math.PI);
    });
    const ends = near ? Math.sqrt(near.rowVariances[i] * near.columnVariances[j]) : Number.POSITIVE_INFINITY;
    const starts = Math.sqrt(request.rowVariances[i] * request.columnVariances[j]);
    if (near && (first < -near.cosine * starts || k > near.cosine * ends)) {
      ({ nngp: k, ntk } = near.pair(i, j));
    }
    for (const place of mirrored ? [at, j * rows + i] : [at]) {
      request.nngp[place] = k;
      request.ntk[place] = ntk;
    }
  }
};

/** A chain in matrix form on float64 tensors. */
const denseChain: FusedKernels['denseChain'] = (request): DenseChain => {
  const { layers, rule = { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 } } = request;
  const theta = request.parameters.slice();
  const count = rule.kind === 'adam' ? 2 : Math.ceil(rule.momentum);
  const averages = Array.from(
    { length: count },
    (_, i) => request.averages?.[i].slice() ?? theta.map(() => 0),
  );
  let steps = request.steps ?? 0;
  /** One parameter's step for its gradient `g`. */
  const move = (p: number, g: number, rate: number): void => {
    const [v, s] = averages;
    if (rule.kind === 'adam') {
      v[p] += (1 - rule.beta1) * (g - v[p]);
      s[p] += (1 - rule.beta2) * (g * g - s[p]);
      const size = Math.sqrt(s[p] / (1 - rule.beta2 ** steps)) + rule.epsilon;
      theta[p] = theta[p] * (1 - rate * rule.weightDecay) - (rate * v[p]) / (1 - rule.beta1 ** steps) / size;
      return;
    }
    const slope = g + rule.weightDecay * theta[p];
    if (v) v[p] = slope + rule.momentum * v[p];
    theta[p] -= rate * (v ? (rule.nesterov ? slope + rule.momentum * v[p] : v[p]) : slope);
  };
  let inputs: Tensor[] = [];
  let sums: Tensor[] = [];
  const put = (x: ArrayLike<number>, shape: number[]) =>
    tensor(Float64Array.from(x), { backend: plain, shape });
  const offset = (l: number) => layers.slice(0, l).reduce((n, one) => n + (one.inputs + 1) * one.outputs, 0);
  const weights = (l: number) => {
    const { inputs: from, outputs: to } = layers[l];
    return put(theta.subarray(offset(l), offset(l) + from * to), [to, from]);
  };
  const outputs = layers[layers.length - 1].outputs;
  let passed = 0;
  return {
    forward(x, rows): FloatArray {
      checkChainInput(x, rows, { inputs: layers[0].inputs, maxRows: request.maxRows });
      passed = 0;
      inputs = [];
      sums = [];
      let a = put(x.subarray(0, rows * layers[0].inputs), [rows, layers[0].inputs]);
      layers.forEach((layer, l) => {
        inputs.push(a);
        const bias = offset(l) + layer.inputs * layer.outputs;
        const h = toFloat64(matmul(a, weights(l), { transposeB: true })).map(
          (v, i) => layer.weightScale * v + layer.biasScale * theta[bias + (i % layer.outputs)],
        );
        sums.push(put(h, [rows, layer.outputs]));
        a = put(layer.activation ? h.map(layer.activation.value) : h, [rows, layer.outputs]);
      });
      passed = rows;
      return theta instanceof Float32Array ? Float32Array.from(toFloat64(a)) : toFloat64(a);
    },
    descend(gradient, rate): void {
      checkChainGradient(gradient, passed, outputs);
      checkNonNegative('DenseChain.descend', 'rate', rate);
      const rows = passed;
      passed = 0;
      steps++;
      let delta = put(gradient, [rows, outputs]);
      for (let l = layers.length - 1; l >= 0; l--) {
        const { inputs: from, outputs: to, weightScale, biasScale, activation } = layers[l];
        if (activation) {
          const h = toFloat64(sums[l]);
          delta = put(
            toFloat64(delta).map((d, i) => d * activation.derivative(h[i])),
            [rows, to],
          );
        }
        const slope = toFloat64(matmul(delta, inputs[l], { transposeA: true }));
        const back = toFloat64(matmul(delta, weights(l))).map((v) => weightScale * v);
        slope.forEach((s, i) => {
          move(offset(l) + i, weightScale * s, rate);
        });
        const deltas = toFloat64(delta);
        for (let o = 0; o < to && biasScale !== 0; o++) {
          const sum = deltas.reduce((total, d, i) => (i % to === o ? total + d : total), 0);
          move(offset(l) + from * to + o, biasScale * sum, rate);
        }
        delta = put(back, [rows, from]);
      }
    },
    readParameters: () => theta.slice(),
    readAverages: () => averages.map((average) => average.slice()),
    dispose() {},
  };
};

const kernels: CpuKernels = {
  name: 'under test',
  gemm: plainGemm,
  tolerance: plain.tolerance as CpuKernels['tolerance'],
};

const complete = createCpuBackend({
  ...kernels,
  fused: { denseChain, reluRecursion },
});

/** A plain backend with some of its parts replaced; its tensors belong to the backend with the replacement. */
function altered(change: (original: Backend) => Partial<Backend>): Backend {
  const backend = createCpuBackend({ ...kernels });
  return Object.assign(backend, change({ ...backend }));
}

describe('the plain backend conforms:', () => {
  for (const one of conformanceCases()) {
    if (one.applies(plain)) it(one.name, () => one.run(plain));
  }
});

describe('plain fused kernels, written another way, conform:', () => {
  for (const one of conformanceCases()) {
    if (one.name.startsWith('fused')) it(one.name, () => one.run(complete));
  }

  it('and their recursion gives the known NTK of orthogonal inputs, 1/π, 0.6857…, 1.0603…', () => {
    [1 / Math.PI, 0.6857086362829429, 1.0603881068025838].forEach((truth, l) => {
      const ntk = new Float64Array(1);
      const ones = new Float64Array(l + 1).fill(1);
      reluRecursion?.({
        rows: 1,
        columns: 1,
        firstNngp: new Float64Array(1),
        rowVariances: ones,
        columnVariances: ones,
        weightVariances: [2, 2, 2].slice(0, l + 1),
        biasVariances: [0, 0, 0].slice(0, l + 1),
        nngp: new Float64Array(1),
        ntk,
      });
      expect(ntk[0]).toBeCloseTo(truth, 14);
    });
  });
});

describe('conformanceCases', () => {
  it('has names of its own for every case', () => {
    const names = conformanceCases().map((one) => one.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('does nothing where a backend has neither factorizations nor fused kernels', async () => {
    const { factor: _, fused: __, readSync: ___, ...rest } = plain;
    const bare: Backend = rest;
    const inapplicable = conformanceCases().filter((one) => !one.applies(bare));
    expect(inapplicable.length).toBeGreaterThan(15);
    for (const one of inapplicable) await one.run(bare);
  });

  const broken: [string, Backend, string][] = [
    [
      'a prepared product that is wrong in one entry',
      createCpuBackend({
        ...kernels,
        prepare: (m, k, a) => ({
          times(b, p, c) {
            plainGemm(m, p, k, a, false, b, false, c);
            c[c.length - 1] *= 1 + 1e-4;
          },
          dispose() {},
        }),
      }),
      'prepare multiplies as matmul does, again and again',
    ],
    [
      'a transpose flag that is ignored',
      createCpuBackend({
        ...kernels,
        gemm: (m, n, k, a, ta, b, _, c) => plainGemm(m, n, k, a, ta, b, false, c),
      }),
      'matmul, transposeB',
    ],
    [
      'a NaN that leaks out of padding',
      createCpuBackend({
        ...kernels,
        gemm(m, n, k, a, ta, b, tb, c) {
          plainGemm(m, n, k, a, ta, b, tb, c);
          if (a.some(Number.isNaN)) c[0] = Number.NaN;
        },
      }),
      'matmul keeps NaN and infinity in their own rows and columns',
    ],
    [
      'expm1 by exp(x) − 1',
      altered((original) => ({
        unary: (op, a) => (op === 'expm1' ? add(original.unary('exp', a), -1) : original.unary(op, a)),
      })),
      'unary expm1',
    ],
    [
      'an upload without a copy',
      altered((original) => ({
        upload: (data, shape) => ({
          ...original.upload(data, shape),
          read: async () => ndarray(data.slice(), [...shape]),
        }),
      })),
      'copies on upload and on read',
    ],
    [
      'a reshape that transposes',
      altered((original) => ({
        reshape: (a, shape) => original.reshape(a.shape.length === 2 ? original.transpose(a) : a, shape),
      })),
      'reshapes in row-major order',
    ],
    [
      'a sum that is off by 1e-5',
      altered((original) => ({
        tolerance: { float64: 1e-13, float32: 1e-6 },
        reduce(op, a, axis) {
          if (a.dtype === 'float64' || a.shape.length > 1 || op !== 'sum')
            return original.reduce(op, a, axis);
          let sum = 0;
          for (const x of toArray(a)) sum += x * (1 + 1e-5);
          return original.upload(new Float32Array([sum]), [1]);
        },
      })),
      'reduce sum over each axis',
    ],
    [
      'a product that stops at the largest number',
      createCpuBackend({
        ...kernels,
        gemm(m, n, k, a, transposeA, b, transposeB, c) {
          plainGemm(m, n, k, a, transposeA, b, transposeB, c);
          const most = c instanceof Float64Array ? Number.MAX_VALUE : 2 ** 128 - 2 ** 104;
          c.forEach((x, i) => {
            c[i] = Math.min(most, x);
          });
        },
      }),
      'what overflows is infinite, not the largest number and not NaN',
    ],
    [
      'a reading that starts from the other end',
      altered((original) => ({ upload: (data, shape) => original.upload(data.slice().reverse(), shape) })),
      'takes ndarray views of any strides, negative ones too',
    ],
    [
      'a maximum that passes over NaN',
      altered((original) => ({
        reduce(op, a, axis) {
          if (op !== 'max') return original.reduce(op, a, axis);
          const entries = toArray(a).map((x) => (Number.isNaN(x) ? Number.NEGATIVE_INFINITY : x));
          return original.reduce(op, original.upload(entries, a.shape), axis);
        },
      })),
      'NaN in a line that is reduced makes its result NaN, and no other',
    ],
    [
      'zeros that are passed over in products',
      altered((original) => ({
        binary(op, a, b) {
          const { shape } = original.binary(op, a, b);
          if (op !== 'mul' || a.shape.join() !== b.shape.join()) return original.binary(op, a, b);
          const [x, y] = [toArray(a), toArray(b)];
          return original.upload(
            x.map((left, i) => (left === 0 || y[i] === 0 ? 0 : left * y[i])),
            shape,
          );
        },
      })),
      'NaN, infinities and zeros go through elementwise functions as in IEEE arithmetic',
    ],
    [
      'a solve that reads what is above the diagonal',
      createCpuBackend({
        ...kernels,
        factor: {
          solveLower(n, p, l, b, transpose) {
            plainFactorKernels.solveLower(n, p, l, b, transpose);
            b[0] += n > 1 ? l[1] : 0;
          },
        },
      }),
      'solveTriangular solves with L and with its transpose',
    ],
    [
      'eigenvalues that stop short of the largest number',
      createCpuBackend({
        ...kernels,
        factor: {
          eigh(n, a) {
            const { values, vectors } = plainFactorKernels.eigh(n, a);
            return { values: values.map((x) => Math.min(x, 1e308)), vectors };
          },
        },
      }),
      'eigh reaches both ends of the number range',
    ],
    [
      'a chain that changes its inputs',
      createCpuBackend({
        ...kernels,
        fused: {
          denseChain(request) {
            const one = denseChain!(request);
            return {
              ...one,
              forward(x, rows) {
                const out = one.forward(x, rows);
                x.fill(0);
                return out;
              },
            };
          },
        },
      }),
      'fused.denseChain, ReLU, float64: forward and gradient steps as a plain network',
    ],
    [
      'a chain that steps twice on one pass',
      createCpuBackend({
        ...kernels,
        fused: {
          denseChain(request) {
            const one = denseChain!(request);
            let last: () => void = () => {};
            return {
              ...one,
              forward(x, rows) {
                last = () => void one.forward(x, rows);
                return one.forward(x, rows);
              },
              descend(gradient, rate) {
                one.descend(gradient, rate);
                last();
              },
            };
          },
        },
      }),
      'fused.denseChain, float64: refuses what does not fit it',
    ],
    [
      'a Cholesky factor that goes on after a bad pivot',
      createCpuBackend({
        ...kernels,
        factor: {
          cholesky: (n, a) => {
            const bad = plainFactorKernels.cholesky(n, a);
            return bad < 0 ? bad : bad + 1 < n ? bad + 1 : bad;
          },
        },
      }),
      'cholesky names the first pivot that is not positive, with its value',
    ],
    [
      'eigenvectors in rows',
      createCpuBackend({
        ...kernels,
        factor: {
          eigh: (n, a) => {
            const { values, vectors } = plainFactorKernels.eigh(n, a);
            return { values, vectors: vectors.map((_, i) => vectors[(i % n) * n + Math.floor(i / n)]) };
          },
        },
      }),
      'eigh agrees with Jacobi rotations',
    ],
    [
      'a chain that forgets the bias scale',
      createCpuBackend({
        ...kernels,
        fused: {
          denseChain: (request) =>
            denseChain!({ ...request, layers: request.layers.map((layer) => ({ ...layer, biasScale: 1 })) }),
        },
      }),
      'fused.denseChain, another activation, float32: forward and gradient steps as a plain network',
    ],
    [
      'a recursion with the weights of the first layer throughout',
      createCpuBackend({
        ...kernels,
        fused: {
          reluRecursion: (request) =>
            reluRecursion!({ ...request, weightVariances: request.weightVariances.map(() => 2) }),
        },
      }),
      'fused.reluRecursion agrees with the scalar recursion',
    ],
    [
      'a recursion that leaves out the first layer',
      createCpuBackend({
        ...kernels,
        fused: { reluRecursion: ({ firstLayer: _, ...request }) => reluRecursion!(request) },
      }),
      'fused.reluRecursion asks for near pairs, and mirrors in place what it is told to',
    ],
    [
      'a recursion that computes near pairs itself',
      createCpuBackend({
        ...kernels,
        fused: { reluRecursion: ({ near: _, ...request }) => reluRecursion!(request) },
      }),
      'fused.reluRecursion asks for near pairs, and mirrors in place what it is told to',
    ],
  ];
  for (const [what, backend, name] of broken) {
    it(`catches ${what}`, async () => {
      const found = conformanceCases().filter((one) => one.name === name);
      expect(found).toHaveLength(1);
      const error = await found[0].run(backend).catch((thrown) => thrown);
      expect(error?.name).toBe('Error');
    });
  }
});
