import { ArgumentError, checkChoice, SntkError, UnavailableError } from '@sntk/errors';
import { type Backend, type FloatArray, showShape, type Tensor } from '@sntk/linalg';
import { type MatmulFlags, sizeOf } from '@sntk/linalg/extending';
import ndarray, { type NdArray } from 'ndarray';
import { type DeviceState, forgetDevice, watchDevice } from './device-state.ts';
import { loadTf, TFJS_DEVICES, type Tf, type TfjsDevice } from './load.ts';
import { operations } from './operations.ts';

export interface TfjsOptions {
  /** `webgpu` and `webgl` need a browser with them, `wasm` and `cpu` also run in Node. */
  readonly device: TfjsDevice;
  /** Folder or URL of tfjs's .wasm files, ending in a slash, for device `wasm` in a browser. */
  readonly wasmPath?: string;
}

interface Started {
  readonly backend: Backend;
  readonly state: DeviceState;
  readonly tf: Tf;
}

const started = new Map<TfjsDevice, Promise<Started>>();

/**
 * TensorFlow.js as a float32 backend, on the device that is asked for and no other.
 *
 * Tensors keep their memory until `dispose()`; see `scope` of `@sntk/linalg/devices`. Factorizations run on a CPU backend:
 * `await eighAsync(a)` of the same entry.
 *
 * A device that is lost ends operations and reads in an `UnavailableError`. Call this function again: it starts the device
 * anew, with a backend of its own; the tensors of the old one are gone.
 *
 * @throws ArgumentError for an unknown device, and from operations for a tensor that is too large for it.
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
  if (known) {
    const { backend, state, tf } = await known;
    if (state.lost() === undefined) return backend;
    // Of several callers the first one starts the device again.
    if (started.get(device) === known) {
      started.delete(device);
      forgetDevice(tf, device);
    }
    return tfjsBackend(options);
  }
  const starting = start(device, options.wasmPath);
  started.set(device, starting);
  // A device that failed may be there after an installation or with another path.
  starting.catch(() => started.delete(device));
  return (await starting).backend;
}

type TfTensor = import('@tensorflow/tfjs-core').Tensor;

async function start(device: TfjsDevice, wasmPath: string | undefined): Promise<Started> {
  const tf = await loadTf(device, wasmPath);
  const state = watchDevice(tf, device);
  const { unary, binary, reduce } = operations(tf, device);

  /** Runs on this device, whichever tfjs was on before, and keeps nothing but the result. */
  const run = (shape: readonly number[], compute: () => TfTensor): Tensor => {
    checkAlive();
    checkSize(device, shape, state.mostBytes);
    // With a device that has started, tfjs changes over before it gives the promise.
    if (tf.getBackend() !== device) void tf.setBackend(device);
    try {
      return wrap(tf.tidy(compute), shape);
    } catch (cause) {
      throw failed(cause);
    }
  };

  /** Requests are well-formed when they get here, so what tfjs throws is the device's: lost, or out of memory. */
  const failed = (cause: unknown): unknown => {
    if (cause instanceof SntkError) return cause;
    state.notice(cause);
    checkAlive(cause);
    const { message = String(cause), name = '' } = cause instanceof Error ? cause : {};
    return new UnavailableError(backend.name, `the device failed (${message || name})`, { cause });
  };

  const checkAlive = (cause?: unknown): void => {
    const reason = state.lost();
    if (reason === undefined) return;
    throw new UnavailableError(
      backend.name,
      `the device was lost (${reason}), and its tensors with it; await tfjsBackend({ device: '${device}' }) starts it again`,
      { cause },
    );
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
    let gone = false;
    const t: Tensor = {
      backend,
      shape: [...shape],
      dtype: 'float32',
      storage: held,
      async read(): Promise<NdArray<FloatArray>> {
        checkAlive();
        const entries = (await state.orLost(of(t).data()).catch(async (cause: unknown) => {
          // The news of a loss may be behind its first consequence.
          await new Promise((resolve) => setTimeout(resolve));
          throw failed(cause);
        })) as Float32Array;
        // A lost WebGL context gives numbers all the same, and so does WebGPU after an operation that it refused.
        checkAlive();
        const refusal = state.takeRefusal();
        if (refusal !== undefined) throw failed(new Error(refusal));
        // tfjs may give the array that it goes on using itself.
        return ndarray(entries.slice(), [...shape]);
      },
      dispose(): void {
        if (held.isDisposed || gone) return;
        gone = true;
        try {
          held.dispose();
        } catch (cause) {
          // On a device that is lost there may be nothing left to give back.
          if (state.lost() === undefined) throw failed(cause);
        }
      },
    };
    return t;
  };

  const backend: Backend = {
    name: `tfjs-${device}`,
    device: 'gpu',
    ...(state.threads === undefined ? {} : { threads: state.threads }),
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
  return { backend, state, tf };
}

function checkSize(device: TfjsDevice, shape: readonly number[], most: number): void {
  const bytes = 4 * sizeOf(shape);
  if (bytes <= most) return;
  throw new ArgumentError({
    where: `tfjs-${device}`,
    argument: 'the size of a tensor',
    wanted: `at most ${(most / 2 ** 20).toFixed(0)} MiB on this device`,
    got: `${showShape(shape)}, which is ${(bytes / 2 ** 20).toFixed(0)} MiB`,
    fix: 'work in blocks',
  });
}
