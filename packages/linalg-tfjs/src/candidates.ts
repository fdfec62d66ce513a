import { checkChoice } from '@sntk/errors';
import type { BackendCandidate } from '@sntk/linalg/backends';
import { TFJS_DEVICES, type TfjsDevice } from './load.ts';
import { type TfjsOptions, tfjsBackend } from './tfjs-backend.ts';

export interface TfjsCandidateOptions extends Pick<TfjsOptions, 'wasmPath'> {
  /** Which devices, in the order in which they are tried; `webgpu`, `webgl`, `wasm`, `cpu` unless told. */
  readonly devices?: readonly TfjsDevice[];
}

/**
 * The devices of tfjs as candidates for `selectBackend` and `describeBackends` of `@sntk/linalg/backends`, which say of
 * each that is passed over why it is.
 *
 * @throws ArgumentError for an unknown device.
 * @example
 * ```ts
 * import { selectBackend } from '@sntk/linalg/backends';
 * import { tfjsCandidates } from '@sntk/linalg-tfjs';
 *
 * const backend = await selectBackend(tfjsCandidates({ devices: ['webgpu', 'wasm'] }), {
 *   dtype: 'float32',
 *   onSkip: ({ name, reason }) => console.warn(name, reason), // tfjs-webgpu: this environment has no WebGPU …
 * });
 * console.log(backend.name); // tfjs-wasm
 * ```
 */
export function tfjsCandidates(options: TfjsCandidateOptions = {}): readonly BackendCandidate[] {
  const { devices = ['webgpu', 'webgl', 'wasm', 'cpu'], ...rest } = options;
  return devices.map((device, i) => {
    checkChoice('tfjsCandidates', `options.devices[${i}]`, device, TFJS_DEVICES);
    return { name: `tfjs-${device}`, create: () => tfjsBackend({ device, ...rest }) };
  });
}
