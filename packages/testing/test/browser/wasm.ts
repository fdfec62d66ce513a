import type { Backend } from '@sntk/linalg';
import { conformanceCases } from '@sntk/linalg/conformance';
import { threadedWasmBackend, wasmBackend } from '@sntk/linalg-wasm';
import { fingerprints } from './fingerprints.ts';

export interface Findings {
  readonly isolated: boolean;
  readonly threads: number;
  readonly cases: number;
  /** `backend: case: message` of every case that fails. */
  readonly failures: readonly string[];
  /** Bits of some results, of one thread and of two. */
  readonly fingerprints: readonly (readonly number[])[];
}

/** The conformance suite on one thread and on two, in a browser. */
export default async function run(): Promise<Findings> {
  const two = await threadedWasmBackend({ threads: 2 });
  const failures: string[] = [];
  let cases = 0;
  const check = async (backend: Backend): Promise<void> => {
    for (const one of conformanceCases()) {
      if (!one.applies(backend)) continue;
      cases++;
      try {
        await one.run(backend);
      } catch (error) {
        failures.push(`${backend.name}: ${one.name}: ${(error as Error).message}`);
      }
    }
  };
  const backends = [wasmBackend(), two];
  for (const backend of backends) await check(backend);
  const findings = {
    isolated: globalThis.crossOriginIsolated,
    threads: two.threads,
    cases,
    failures,
    fingerprints: backends.map(fingerprints),
  };
  two.dispose();
  return findings;
}
