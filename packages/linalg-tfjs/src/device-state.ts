import type { Tf, TfjsDevice } from './load.ts';

/** What a device is able to hold, and whether it is still there. */
export interface DeviceState {
  /** The largest tensor, in bytes. */
  readonly mostBytes: number;
  /** How many threads of the processor it uses, where it is one. */
  readonly threads?: number;
  /** Why the device is lost, once it is. */
  lost(): string | undefined;
  /** The result of `work`, or an error as soon as the device is lost: some devices then never answer. */
  orLost<T>(work: Promise<T>): Promise<T>;
  /** Why the device has refused an operation since this was last asked; its result, whichever it is, is not right. */
  takeRefusal(): string | undefined;
  /** Tells of an error that the device ended an operation with: a trap leaves a WASM module unfit for use. */
  notice(cause: unknown): void;
}

interface RefusalEvent {
  readonly error: { readonly message: string };
}

/** The parts of tfjs's own backends that say how a device is. */
interface WebgpuParts {
  readonly device: {
    addEventListener(type: 'uncapturederror', listen: (event: RefusalEvent) => void): void;
    readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
    readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number };
  };
}
interface WasmParts {
  readonly wasm: { readonly tfjs: { getThreadsCount(): number } };
}
interface WebglParts {
  readonly gpgpu: {
    readonly gl: { isContextLost(): boolean; readonly canvas: EventTarget };
  };
}

/** Watches the device that tfjs has just started. */
export function watchDevice(tf: Tf, device: TfjsDevice): DeviceState {
  let reason: string | undefined;
  let refusal: string | undefined;
  const parts = tf.findBackend(device) as unknown;
  let mostBytes = 2 ** 33;
  let look = (): void => {};
  /** Who waits for the device. */
  const waiting = new Set<(error: Error) => void>();
  const end = (why: string): void => {
    reason ??= why;
    for (const stop of waiting) stop(new Error(reason));
  };
  if (device === 'webgpu') {
    const gpu = (parts as WebgpuParts).device;
    const { lost, limits } = gpu;
    gpu.addEventListener('uncapturederror', ({ error }) => {
      refusal = error.message;
    });
    mostBytes = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
    void lost.then((info) => end(info.message || info.reason));
  }
  if (device === 'webgl') {
    const { gl } = (parts as WebglParts).gpgpu;
    mostBytes = 4 * tf.env().getNumber('WEBGL_MAX_TEXTURE_SIZE') ** 2;
    // A context may come back, but not the textures that were in it.
    const gone = (): void => end('the WebGL context was lost');
    gl.canvas.addEventListener('webglcontextlost', gone);
    look = () => {
      if (gl.isContextLost()) gone();
    };
  }
  let threads = device === 'cpu' ? 1 : undefined;
  if (device === 'wasm') {
    mostBytes = 2 ** 31;
    threads = (parts as WasmParts).wasm.tfjs.getThreadsCount();
  }
  return {
    mostBytes,
    ...(threads === undefined ? {} : { threads }),
    lost() {
      look();
      return reason;
    },
    orLost<T>(work: Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        waiting.add(reject);
        work.then(resolve, reject).finally(() => waiting.delete(reject));
      });
    },
    takeRefusal() {
      const last = refusal;
      refusal = undefined;
      return last;
    },
    notice(cause) {
      if (device === 'wasm' && cause instanceof WebAssembly.RuntimeError) end(cause.message);
    },
  };
}

/** Makes tfjs forget a device that is lost, so that it can be started again. */
export function forgetDevice(tf: Tf, device: TfjsDevice): void {
  const engine = tf.engine();
  const { factory, priority } = engine.registryFactory[device];
  try {
    tf.removeBackend(device);
  } catch {
    // What is lost may fail once more when it is taken down.
    delete engine.registry[device];
    delete engine.registryFactory[device];
  }
  tf.registerBackend(device, factory, priority);
}
