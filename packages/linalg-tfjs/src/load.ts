import { UnavailableError } from '@sntk/errors';

/** What TensorFlow.js computes on. */
export const TFJS_DEVICES = ['cpu', 'wasm', 'webgl', 'webgpu'] as const;
export type TfjsDevice = (typeof TFJS_DEVICES)[number];

/** The module of tfjs-core. Its types stay inside this package: the peers are optional. */
export type Tf = typeof import('@tensorflow/tfjs-core');

const WHERE = 'tfjsBackend';

/**
 * Imports what a device needs, probes it and makes it tfjs's current backend.
 *
 * @throws UnavailableError for packages that are not installed and devices that this environment does not have.
 */
export async function loadTf(device: TfjsDevice, wasmPath: string | undefined): Promise<Tf> {
  const tf = await optional(device, () => import('@tensorflow/tfjs-core'));
  if (device === 'cpu') await optional(device, () => import('@tensorflow/tfjs-backend-cpu'));
  if (device === 'wasm') await prepareWasm(tf, wasmPath);
  if (device === 'webgl') await optional(device, () => import('@tensorflow/tfjs-backend-webgl'));
  if (device === 'webgpu') await prepareWebgpu();

  let ready = false;
  let reason = 'tfjs could not start it';
  try {
    ready = await tf.setBackend(device);
  } catch (error) {
    reason = (error as Error).message;
  }
  if (!ready) throw new UnavailableError(WHERE, `device ${device} is not available here (${reason})`);
  if (device === 'webgl' && !tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) {
    throw new UnavailableError(WHERE, 'this WebGL device has no float32 textures; use device wasm');
  }
  return tf;
}

async function prepareWasm(tf: Tf, wasmPath: string | undefined): Promise<void> {
  const wasm = await optional('wasm', () => import('@tensorflow/tfjs-backend-wasm'));
  const folder = wasmPath ?? nodeWasmFolder();
  // Once tfjs has started the device, whoever started it has chosen the path.
  if (folder !== undefined && !('wasm' in tf.engine().registry)) wasm.setWasmPaths(folder);
}

/** In Node the .wasm files lie beside the module; in a browser tfjs looks beside the page unless it is told. */
function nodeWasmFolder(): string | undefined {
  const node = globalThis.process?.getBuiltinModule?.('node:module');
  if (!node) return undefined;
  const main = node.createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  return main.replace(/[^/\\]*$/, '');
}

async function prepareWebgpu(): Promise<void> {
  await optional('webgpu', () => import('@tensorflow/tfjs-backend-webgpu'));
  const gpu = (globalThis.navigator as { gpu?: { requestAdapter(): Promise<unknown> } } | undefined)?.gpu;
  if (!gpu) {
    throw new UnavailableError(
      WHERE,
      'this environment has no WebGPU (navigator.gpu); use device webgl or wasm',
    );
  }
  if (!(await gpu.requestAdapter())) {
    throw new UnavailableError(WHERE, 'WebGPU found no adapter on this machine; use device webgl or wasm');
  }
}

async function optional<T extends object>(device: TfjsDevice, load: () => Promise<T>): Promise<T> {
  let module: T & { default?: T };
  try {
    module = await load();
  } catch (cause) {
    const packages = `@tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-${device}@4.22.0`;
    const reason = (cause as Error).message.split('\n')[0];
    throw new UnavailableError(
      WHERE,
      `device ${device} needs packages that cannot be loaded (${reason}); run npm install ${packages}`,
      { cause },
    );
  }
  // Node loads the CommonJS files of these packages, whose exports may be found on `default` alone.
  return module.default ? { ...module.default, ...module } : module;
}
