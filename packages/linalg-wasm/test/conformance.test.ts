import { conformanceCases } from '@sntk/linalg/conformance';
import { describe, it } from 'vitest';
import { wasmBackend } from '../src/index.ts';

describe('the WASM backend conforms:', () => {
  const backend = wasmBackend();
  for (const one of conformanceCases()) {
    if (one.applies(backend)) it(one.name, () => one.run(backend));
  }
});
