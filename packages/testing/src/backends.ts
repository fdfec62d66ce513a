import { UnavailableError } from '@sntk/errors';
import { type Backend, ndarrayBackend } from '@sntk/linalg';

/** A backend of this repository, or why it is not here and what to install. */
export interface BackendEntry {
  readonly name: string;
  readonly backend?: Backend;
  readonly missing?: string;
}

/** Packages are imported one by one, so that one that does not load leaves the others. */
const LOADERS: Readonly<Record<string, () => Promise<Backend>>> = {
  ndarray: async () => ndarrayBackend(),
  wasm: async () => (await import('@sntk/linalg-wasm')).wasmBackend(),
  'wasm-threads': async () => (await import('@sntk/linalg-wasm')).threadedWasmBackend({ threads: 2 }),
  blas: async () => (await import('@sntk/linalg-blas')).blasBackend(),
  'tfjs-cpu': async () => (await import('@sntk/linalg-tfjs')).tfjsBackend({ device: 'cpu' }),
  'tfjs-wasm': async () => (await import('@sntk/linalg-tfjs')).tfjsBackend({ device: 'wasm' }),
};

/** Every backend that runs in Node, present or not. */
export async function surveyBackends(): Promise<readonly BackendEntry[]> {
  const entries: BackendEntry[] = [];
  for (const [name, load] of Object.entries(LOADERS)) {
    try {
      entries.push({ name, backend: await load() });
    } catch (error) {
      entries.push({ name, missing: (error as Error).message });
    }
  }
  return entries;
}

/**
 * The backends that are here. Of those that are not, a user's machine is told what to install.
 *
 * @throws UnavailableError when one is missing and the environment says CI=true.
 */
export async function availableBackends(): Promise<readonly Backend[]> {
  const backends: Backend[] = [];
  for (const { name, backend, missing } of await surveyBackends()) {
    if (backend) backends.push(backend);
    else if (process.env.CI === 'true') {
      throw new UnavailableError('availableBackends', `backend ${name} is missing: ${missing}`);
    } else console.warn(`backend ${name} is skipped: ${missing}`);
  }
  return backends;
}
