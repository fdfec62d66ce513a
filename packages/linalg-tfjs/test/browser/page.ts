import { type Backend, matmul, tensor } from '@sntk/linalg';
import { conformanceCases } from '@sntk/linalg/conformance';
import * as tf from '@tensorflow/tfjs-core';
import { type TfjsDevice, tfjsBackend } from '../../src/index.ts';
import { DEVICE_JOBS, type JobReport } from '../device-jobs.ts';
import { BACKEND_CALLS, leftBehind, NOTHING_LEFT } from '../leaks.ts';

/** What a test in Node asks of a page. What goes in and out is plain data. */
export interface Page {
  /** Why a device does not start here, or undefined. */
  start(device: TfjsDevice): Promise<string | undefined>;
  /** What is wrong with a conformance case on a device, or undefined. */
  conform(device: TfjsDevice, name: string): Promise<string | undefined>;
  job(device: TfjsDevice, name: string): Promise<JobReport>;
  /** Names of the calls that leave something behind. */
  leaks(device: TfjsDevice): Promise<readonly string[]>;
  /** Takes WebGL's context away; gives what is then thrown, and a product of the device that is started again. */
  loseContext(): Promise<{ readonly thrown: readonly string[]; readonly product: readonly number[] }>;
}

const open = (device: TfjsDevice): Promise<Backend> => tfjsBackend({ device, wasmPath: '/wasm/' });

const message = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

const page: Page = {
  async start(device) {
    return open(device).then(() => undefined, message);
  },

  async conform(device, name) {
    const backend = await open(device);
    const one = conformanceCases().find((each) => each.name === name);
    if (!one) return `there is no case ${name}`;
    return one.run(backend).then(() => undefined, message);
  },

  async job(device, name) {
    const backend = await open(device);
    const job = DEVICE_JOBS.find((each) => each.name === name);
    if (!job) throw new Error(`there is no job ${name}`);
    return job.run(backend);
  },

  async leaks(device) {
    const backend = await open(device);
    const found: string[] = [];
    for (const name of Object.keys(BACKEND_CALLS)) {
      const left = JSON.stringify(await leftBehind(backend, name));
      if (left !== JSON.stringify(NOTHING_LEFT)) found.push(`${name}: ${left}`);
    }
    return found;
  },

  async loseContext() {
    const backend = await open('webgl');
    const a = tensor([[2]], { backend });
    const product = matmul(a, a);
    const { gl } = (tf.findBackend('webgl') as unknown as { gpgpu: { gl: WebGLRenderingContext } }).gpgpu;
    // tfjs waits for its answer in vain once the context is gone.
    const under = product.read().then(() => 'nothing', message);
    gl.getExtension('WEBGL_lose_context')!.loseContext();
    const thrown = [await under, await product.read().then(() => 'nothing', message)];
    try {
      matmul(a, a);
    } catch (error) {
      thrown.push(message(error));
    }
    const again = await open('webgl');
    const b = tensor([[3]], { backend: again });
    return { thrown, product: [...(await matmul(b, b).read()).data] };
  },
};

Object.assign(globalThis, { page });
