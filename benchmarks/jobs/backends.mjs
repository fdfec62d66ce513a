import { wasmBackend } from '@sntk/linalg-wasm';

/** A backend of ours by name on so many threads; the BLAS reads its number from the environment. Packages that may be missing are imported when asked for. */
export async function backendOf(name, _threads) {
  if (name === 'blas') {
    const { blasBackend } = await import('@sntk/linalg-blas');
    return blasBackend();
  }
  return wasmBackend();
}
