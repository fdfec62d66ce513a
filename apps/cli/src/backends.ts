import { type Backend, ndarrayBackend } from '@sntk/linalg';
import { blasBackend } from '@sntk/linalg-blas';
import { wasmBackend } from '@sntk/linalg-wasm';

/** Backends the command line can run on. */
export const BACKENDS = ['wasm', 'ndarray', 'blas'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** The backend of a name. Throws UnavailableError when this machine cannot run it. */
export function backendByName(name: BackendName): Backend {
  switch (name) {
    case 'wasm':
      return wasmBackend();
    case 'blas':
      return blasBackend();
    case 'ndarray':
      return ndarrayBackend();
  }
}
