import { threadedWasmBackend } from '@sntk/linalg-wasm';
import { fingerprints } from './fingerprints.ts';

/** Two threads, of which one is the page's main thread, that must not sleep. */
export default async function run(): Promise<{ threads: number; fingerprints: readonly number[] }> {
  const backend = await threadedWasmBackend({ threads: 2 });
  const found = { threads: backend.threads, fingerprints: fingerprints(backend) };
  backend.dispose();
  return found;
}
