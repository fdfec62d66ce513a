import type { BinaryOp, ReduceOp, UnaryOp } from '@sntk/linalg/extending';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Tf, TfjsDevice } from './load.ts';

export interface Operations {
  unary(op: UnaryOp, x: Tensor): Tensor;
  binary(op: BinaryOp, x: Tensor, y: Tensor): Tensor;
  reduce(op: ReduceOp, x: Tensor, axis: number): Tensor;
}

/** The operations of `@sntk/linalg` in terms of tfjs's. */
export function operations(tf: Tf, device: TfjsDevice): Operations {
  const shaders = device === 'webgl' || device === 'webgpu';
  return {
    unary(op: UnaryOp, x: Tensor): Tensor {
      if (op === 'expm1' && shaders) return expm1(tf, x);
      if (op === 'log' && shaders) return log(tf, x);
      return tf[op](x);
    },
    binary(op: BinaryOp, x: Tensor, y: Tensor): Tensor {
      if (device === 'wasm' && (op === 'maximum' || op === 'minimum')) {
        const shape = tf.broadcast_util.assertAndGetBroadcastShape(x.shape, y.shape);
        // Where the second is NaN WASM gives the first; 0/(1 + |y|) is NaN there and 0 everywhere else.
        const carried = tf.div(0, tf.add(tf.abs(y), 1));
        return tf.add(tf[op](spread(tf, x, shape), spread(tf, y, shape)), carried);
      }
      return tf[op](x, y);
    },
    reduce: (op, x, axis) => tf[op](x, axis, true),
  };
}

/** Broadcasts by a sum with zeros: WASM compares tensors of two shapes 400 times as slowly as it adds them. */
function spread(tf: Tf, x: Tensor, shape: number[]): Tensor {
  return tf.util.arraysEqual(x.shape, shape) ? x : tf.add(x, tf.zeros(shape));
}

/**
 * Shaders take e^x − 1 literally, which loses digits near 0: there Taylor's series to x¹⁰/10!, of which the next term
 * is below float32's precision up to 1/2.
 */
function expm1(tf: Tf, x: Tensor): Tensor {
  let series: Tensor = tf.scalar(1);
  for (let term = 10; term >= 2; term--) series = tf.add(1, tf.mul(tf.div(x, term), series));
  return tf.where(tf.less(tf.abs(x), 0.5), tf.mul(x, series), tf.sub(tf.exp(x), 1));
}

/**
 * Shaders know the logarithm to an absolute error only, which is nothing near 1: there 2 artanh((x − 1)/(x + 1)) to the
 * ninth power, of which the next term is below float32's precision from 3/4 to 4/3.
 */
function log(tf: Tf, x: Tensor): Tensor {
  const s = tf.div(tf.sub(x, 1), tf.add(x, 1));
  const square = tf.square(s);
  let series: Tensor = tf.scalar(1 / 9);
  for (let power = 7; power >= 1; power -= 2) series = tf.add(1 / power, tf.mul(square, series));
  return tf.where(tf.less(tf.abs(s), 1 / 7), tf.mul(tf.mul(s, 2), series), tf.log(x));
}
