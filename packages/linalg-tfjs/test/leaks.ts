import { add, type Backend, binary, matmul, mul, prepare, sub, syrk, type Tensor } from '@sntk/linalg';
import { scope } from '@sntk/linalg/devices';
import { BINARY_OPS, REDUCE_OPS, UNARY_OPS } from '@sntk/linalg/extending';
import * as tf from '@tensorflow/tfjs-core';

type Call = (backend: Backend, a: Tensor) => readonly Tensor[];

/** Every operation of the `Backend` interface, and the functions of `@sntk/linalg` that make more than one tensor. */
export const BACKEND_CALLS: Readonly<Record<string, Call>> = {
  upload: (backend) => [backend.upload(new Float32Array(6), [2, 3])],
  'upload of nothing': (backend) => [backend.upload(new Float32Array(0), [0, 3])],
  matmul: (backend, a) => [
    backend.matmul(a, a, { transposeA: true }),
    backend.matmul(a, a, { transposeB: true }),
  ],
  ...Object.fromEntries(UNARY_OPS.map((op) => [op, (backend: Backend, a: Tensor) => [backend.unary(op, a)]])),
  ...Object.fromEntries(
    BINARY_OPS.map((op) => [op, (backend: Backend, a: Tensor) => [backend.binary(op, a, a)]]),
  ),
  ...Object.fromEntries(
    REDUCE_OPS.map((op) => [
      `reduce ${op}`,
      (backend: Backend, a: Tensor) => [backend.reduce(op, a, 0), backend.reduce(op, a, 1)],
    ]),
  ),
  transpose: (backend, a) => [backend.transpose(a)],
  reshape: (backend, a) => [backend.reshape(a, [6])],
  scope: (backend, a) => [scope(backend, () => ({ sum: add(add(a, a), a) })).sum],
  'scope that throws': (backend, a) => {
    try {
      scope(backend, () => ({ product: matmul(add(a, a), a) }));
    } catch {
      return [];
    }
    throw new Error('a product of two shapes that do not fit was made');
  },
  'add, sub, mul and binary of a number': (_, a) => [
    add(a, 1),
    sub(a, 1),
    mul(a, 2),
    binary('maximum', a, 0),
  ],
  syrk: (_, a) => [syrk(a), syrk(a, { transpose: true })],
  prepare(backend, a) {
    const kept = prepare(a);
    const x = backend.transpose(a);
    const product = kept.times(x);
    x.dispose();
    kept.dispose();
    return [product];
  },
};

/** Tensors that a call leaves beside its results, also when they have been read; then what is left after these. */
export async function leftBehind(
  backend: Backend,
  name: string,
): Promise<{ readonly beside: number; readonly after: { readonly [what: string]: number } }> {
  const a = backend.upload(Float32Array.from([1, 2, 3, 4, 5, 6]), [2, 3]);
  const before = tf.memory();
  const results = BACKEND_CALLS[name](backend, a);
  for (const t of results) await t.read();
  const beside = tf.memory().numTensors - before.numTensors - results.length;
  for (const t of results) t.dispose();
  const now = tf.memory();
  a.dispose();
  return {
    beside,
    after: {
      tensors: now.numTensors - before.numTensors,
      buffers: now.numDataBuffers - before.numDataBuffers,
      bytes: now.numBytes - before.numBytes,
    },
  };
}

/** What a call that leaks nothing leaves. */
export const NOTHING_LEFT = { beside: 0, after: { tensors: 0, buffers: 0, bytes: 0 } } as const;
