import { ArgumentError, checkChoice, SntkError, UnavailableError } from '@sntk/errors';
import type { Backend, FloatArray, Tensor } from '@sntk/linalg';
import { type MatmulFlags, sizeOf } from '@sntk/linalg/extending';
import ndarray, { type NdArray } from 'ndarray';
import { loadTf, TFJS_DEVICES, type TfjsDevice } from './load.ts';
import { operations } from './operations.ts';

export interface TfjsOptions {
  /** `webgpu` and `webgl` need a browser with them, `wasm` and `cpu` also run in Node. */
  readonly device: TfjsDevice;
  /** Folder or URL of tfjs's .wasm files, ending in a slash, for device `wasm` in a browser. */
  readonly wasmPath?: string;
}

const started = new Map<TfjsDevice, Promise<Backend>>();

/**
 * TensorFlow.js as a float32 backend, on the device that is asked for and no other.
 *
 * Tensors keep their memory until `dispose()`. There are no factorizations: move the tensor with
 * `await toBackend(a, ndarrayBackend())`.
 *
 * @throws ArgumentError for an unknown device.
 * @throws UnavailableError for packages that are not installed and devices that this environment does not have, and from
 * operations and reads when the device fails.
 * @example
 * ```ts
 * import { matmul, tensor } from '@sntk/linalg';
 * import { tfjsBackend } from '@sntk/linalg-tfjs';
 *
 * const backend = await tfjsBackend({ device: 'wasm' });
 * const A = tensor([[1, 2], [3, 4]], { backend });
 * console.log((await matmul(A, A).read()).data); // Float32Array [7, 10, 15, 22]
 * ```
 */
export async function tfjsBackend(options: TfjsOptions): Promise<Backend> {
  const device = checkChoice('tfjsBackend', 'options.device', options.device, TFJS_DEVICES);
  const known = started.get(device);
  if (known) return known;
  const starting = start(device, options.wasmPath);
  started.set(device, starting);
  // A device that failed may be there after an installation or with another path.
  starting.catch(() => started.delete(device));
  return starting;
}

type TfTensor = import('@tensorflow/tfjs-core').Tensor;

async function start(device: TfjsDevice, wasmPath: string | undefined): Promise<Backend> {
  const tf = await loadTf(device, wasmPath);
  const { unary, binary, reduce } = operations(tf, device);

  /** Runs on this device, whichever tfjs was on before, and keeps nothing but the result. */
  const run = (shape: readonly number[], compute: () => TfTensor): Tensor => {
    // With a device that has started, tfjs changes over before it gives the promise.
    if (tf.getBackend() !== device) void tf.setBackend(device);
    try {
      return wrap(tf.tidy(compute), shape);
    } catch (cause) {
      throw failed(device, cause);
    }
  };

  const of = (t: Tensor): TfTensor => {
    const held = t.storage as TfTensor;
    if (held.isDisposed) {
      throw new ArgumentError({
        where: backend.name,
        argument: 'tensor',
        wanted: 'a tensor that has not been disposed of',
        got: 'a disposed one',
      });
    }
    return held;
  };

  const wrap = (held: TfTensor, shape: readonly number[]): Tensor => {
    const t: Tensor = {
      backend,
      shape: [...shape],
      dtype: 'float32',
      storage: held,
      async read(): Promise<NdArray<FloatArray>> {
        const entries = (await of(t)
          .data()
          .catch((cause: unknown) => {
            throw failed(device, cause);
          })) as Float32Array;
        // tfjs may give the array that it goes on using itself.
        return ndarray(entries.slice(), [...shape]);
      },
      dispose(): void {
        if (!held.isDisposed) held.dispose();
      },
    };
    return t;
  };

  const backend: Backend = {
    name: `tfjs-${device}`,
    device: 'gpu',
    dtypes: ['float32'],
    tolerance: { float32: 1e-5 },
    upload: (data, shape) => run(shape, () => tf.tensor(new Float32Array(data), [...shape], 'float32')),
    matmul(a: Tensor, b: Tensor, flags: MatmulFlags): Tensor {
      const [m, k] = flags.transposeA ? [a.shape[1], a.shape[0]] : a.shape;
      const n = flags.transposeB ? b.shape[0] : b.shape[1];
      return run([m, n], () => {
        // tfjs gives memory that nobody wrote for a sum over nothing.
        if (m * n * k === 0) return tf.zeros([m, n]);
        // Its own transpose flags are ten times slower on WASM.
        const x = of(a) as import('@tensorflow/tfjs-core').Tensor2D;
        const y = of(b) as import('@tensorflow/tfjs-core').Tensor2D;
        return tf.matMul(flags.transposeA ? tf.transpose(x) : x, flags.transposeB ? tf.transpose(y) : y);
      });
    },
    unary: (op, a) => run(a.shape, () => unary(op, of(a))),
    binary: (op, a, b) => {
      const shape = tf.broadcast_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
      return run(shape, () => binary(op, of(a), of(b)));
    },
    reduce: (op, a, axis) => {
      const shape = a.shape.map((extent, i) => (i === axis ? 1 : extent));
      return run(shape, () => (sizeOf(a.shape) === 0 ? tf.zeros(shape) : reduce(op, of(a), axis)));
    },
    transpose: (a) => run([a.shape[1], a.shape[0]], () => tf.transpose(of(a))),
    reshape: (a, shape) => run(shape, () => tf.reshape(of(a), [...shape])),
    scope(compute: () => readonly Tensor[]): void {
      tf.tidy(() => compute().map(of));
    },
  };
  return backend;
}

/** Requests are well-formed when they get here, so what tfjs throws is the device's: lost, or out of memory. */
function failed(device: TfjsDevice, cause: unknown): unknown {
  if (cause instanceof SntkError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UnavailableError(
    `tfjs-${device}`,
    `the device failed (${reason}); tensors on a lost device are gone, a page gets a new one by reloading`,
    { cause },
  );
}
