import { branches, dense, fullyConnected, network } from '@sntk/architecture';
import { NumericalError } from '@sntk/errors';
import { ndarrayBackend, type Tensor, tensor } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { ntkFluctuations } from '../src/experiments.ts';
import {
  empiricalNngp,
  empiricalNtk,
  exampleGradients,
  expandToSecondOrder,
  forward,
  hvp,
  initialize,
  jacobian,
  jvp,
  type Loss,
  linearize,
  ntkDrift,
  ntkVectorProduct,
  outputHessianTrace,
  type TrainOptions,
  train,
  vjp,
} from '../src/index.ts';

const backend = ndarrayBackend();
const net = fullyConnected({ inputs: 2, hidden: [4] });
const theta = initialize(net, { rng: createRng(1) });
const points = (...rows: number[][]): Tensor => tensor(rows, { backend });
const X = points([1, 0], [0, 1]);
const Y = points([1], [0]);
/** Of one column too many. */
const wide = points([1, 2, 3], [4, 5, 6]);
const nan = theta.map(() => Number.NaN);

describe('refusals name the function and the argument', () => {
  it.each<[string, () => unknown]>([
    ['forward: X must be of shape [N, 2], got [2, 3]', () => forward(net, theta, wide)],
    ['vjp: options.X must be of shape', () => vjp(net, theta, { X: wide, cotangent: Y })],
    ['vjp: options.cotangent must be of shape', () => vjp(net, theta, { X, cotangent: X })],
    ['jvp: options.X must be of shape', () => jvp(net, theta, { X: wide, tangent: theta })],
    ['jvp: options.tangent must be finite', () => jvp(net, theta, { X, tangent: nan })],
    ['hvp: options.X must be', () => hvp(net, theta, { X: wide, cotangent: Y, tangent: theta })],
    ['hvp: options.tangent must be finite', () => hvp(net, theta, { X, cotangent: Y, tangent: nan })],
    ['jacobian: options.X must be of shape', () => jacobian(net, theta, { X: wide })],
    ['exampleGradients: options.X must be', () => exampleGradients(net, theta, { X: wide, cotangent: Y })],
    ['empiricalNtk: options.X must be of shape', () => empiricalNtk(net, theta, { X: wide })],
    ['empiricalNtk: options.Z must be of shape', () => empiricalNtk(net, theta, { X, Z: wide })],
    ['empiricalNngp: options.Z must be of shape', () => empiricalNngp(net, theta, { X, Z: wide })],
    ['ntkVectorProduct: options.vector must be', () => ntkVectorProduct(net, theta, { X, vector: X })],
    ['ntkDrift: options.at must be of shape', () => ntkDrift(net, theta, { X, Y, at: wide })],
    [
      'outputHessianTrace: options.at must be of shape',
      () => outputHessianTrace(net, theta, { X, residuals: Y, learningRate: 1, at: wide }),
    ],
    ['linearize: X must be of shape', () => linearize(net, theta)(theta, wide)],
    ['linearize: theta0 must be of length', () => linearize(net, theta.subarray(1))],
    ['expandToSecondOrder: theta must be finite', () => expandToSecondOrder(net, theta)(nan, X)],
    ['forward: theta must be of length', () => forward(net, theta.subarray(1), X)],
    [
      'initialize: options.dtype must be one of float64, float32',
      () => initialize(net, { rng: createRng(1), dtype: 'float16' as never }),
    ],
    [
      'sum of branches of one width',
      () => initialize(network(2, branches('sum', dense(2), dense(3)), dense(1)), { rng: createRng(1) }),
    ],
    [
      'ntkFluctuations: options.networks must be of one output each',
      () => {
        const networks = [2, 3].map((n) => fullyConnected({ inputs: 2, hidden: [n], outputs: 2 }));
        return ntkFluctuations({ networks, draws: 2, x: points([1, 1]), rng: createRng(1) });
      },
    ],
  ])('%s', (message, call) => {
    expect(call).toThrow(message);
  });

  it.each([
    ['theta must be a Float64Array or a Float32Array', { theta: [...theta] as never }],
    ['options.learningRate must be a finite number above 0, got null', { learningRate: null as never }],
    ['options.loss must be with a name and evaluate', { loss: { evaluate: () => 0 } as unknown as Loss }],
    [
      'the rows of options.X must be an integer of at least 1',
      { X: tensor([], { backend, shape: [0, 2] }), Y: tensor([], { backend, shape: [0, 1] }) },
    ],
    [
      'training diverged: the loss is not finite at step 0; lower',
      { loss: { name: 'nothing', evaluate: () => Number.NaN } },
    ],
  ])('train: %s', async (message, options: Partial<TrainOptions> & { readonly theta?: Float64Array }) => {
    const { theta: start = theta, ...more } = options;
    const run = train(net, start, { X, Y, steps: 1, learningRate: 0.1, ...more });
    await expect(run.next()).rejects.toThrow(`train: ${message}`);
  });
});

describe('numbers beyond the range of their format', () => {
  const huge = theta.map(() => 1e200);

  it.each<[string, () => unknown]>([
    ['forward', () => forward(net, huge, points([1e200, 0]))],
    ['jvp', () => jvp(net, huge, { X, tangent: huge.map((t) => t * 1e100) })],
    ['empiricalNtk', () => empiricalNtk(net, huge, { X })],
    ['vjp', () => vjp(net, huge, { X, cotangent: points([1e200], [0]) })],
    [
      'jacobian',
      () =>
        jacobian(
          net,
          theta.map(() => 1e160),
          { X: points([1e160, 0]) },
        ),
    ],
    [
      'forward',
      () =>
        forward(
          net,
          Float32Array.from(theta, () => 1e20),
          tensor(Float32Array.of(1e30, 0), { backend, shape: [1, 2] }),
        ),
    ],
  ])('are an error of %s, not an infinity', (where, call) => {
    expect(call).toThrow(NumericalError);
    expect(call).toThrow(new RegExp(`^${where}: .* beyond the range of float(32|64); scale`));
  });
});
