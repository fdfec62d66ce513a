import { threadedWasmBackend, wasmBackend } from '@sntk/linalg-wasm';

/** A backend of ours by name on so many threads; the BLAS reads its number from the environment. */
export async function backendOf(name, threads) {
  if (name === 'wasm') return threads === 1 ? wasmBackend() : threadedWasmBackend({ threads });
  // koffi and the library may be missing, so that this is not imported above.
  const { blasBackend } = await import('@sntk/linalg-blas');
  if (name === 'blas + wasm') return blasBackend({ fused: (await backendOf('wasm', threads)).fused });
  return blasBackend();
}
