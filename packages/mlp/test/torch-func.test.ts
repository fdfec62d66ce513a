import { readFileSync } from 'node:fs';
import { ACTIVATIONS, fullyConnected } from '@sntk/architecture';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { empiricalNtk, forward, hvp, jvp, vjp } from '@sntk/mlp';
import { expectClose } from '@sntk/testing';
import { describe, test } from 'vitest';

interface Row {
  readonly activation: keyof typeof ACTIVATIONS;
  readonly parameterization: 'ntk' | 'standard';
  readonly theta: number[];
  readonly tangent: number[];
  readonly cotangent: number[];
  readonly outputs: number[];
  readonly jvp: number[];
  readonly vjp: number[];
  readonly hvp: number[];
  readonly ntk: number[];
}

/** By scripts/reference/torch_func_derivatives.py. */
const fixture = JSON.parse(readFileSync(new URL('./fixtures/torch-func.json', import.meta.url), 'utf8')) as {
  readonly hidden: number[];
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly X: number[][];
  readonly Z: number[][];
  readonly rows: readonly Row[];
};

describe('the derivatives of torch.func', () => {
  const backend = ndarrayBackend();
  const X = tensor(fixture.X, { backend });
  const Z = tensor(fixture.Z, { backend });
  const outputs = 2;
  const close = (actual: ArrayLike<number>, expected: number[]): void =>
    expectClose(actual, expected, { relative: 1e-12, absolute: 1e-12 });

  test.each(fixture.rows.map((row) => [row.activation, row.parameterization, row] as const))(
    'are those of a %s network, parameterization %s',
    (activation, parameterization, row) => {
      const { hidden, weightVariance, biasVariance } = fixture;
      const network = fullyConnected({
        inputs: 3,
        hidden,
        outputs,
        activation: ACTIVATIONS[activation],
        weightVariance,
        biasVariance,
        parameterization,
      });
      const theta = new Float64Array(row.theta);
      const tangent = new Float64Array(row.tangent);
      const cotangent = tensor(new Float64Array(row.cotangent), { backend, shape: [X.shape[0], outputs] });
      close(toArray(forward(network, theta, X)), row.outputs);
      close(toArray(jvp(network, theta, { X, tangent })), row.jvp);
      close(vjp(network, theta, { X, cotangent }), row.vjp);
      close(hvp(network, theta, { X, cotangent, tangent }), row.hvp);
      close(toArray(empiricalNtk(network, theta, { X, Z, outputs: 'full' })), row.ntk);
    },
  );
});
