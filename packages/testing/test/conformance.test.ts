import { conformanceCases } from '@sntk/linalg/conformance';
import { describe, expect, it } from 'vitest';
import { availableBackends, surveyBackends } from '../src/index.ts';

for (const backend of await availableBackends()) {
  describe(`backend ${backend.name}`, () => {
    for (const one of conformanceCases()) {
      if (one.applies(backend)) it(one.name, () => one.run(backend));
    }
  });
}

const absent = (await surveyBackends()).filter((entry) => entry.missing !== undefined);
for (const { name, missing } of absent) describe.skip(`backend ${name}: ${missing}`, () => it('conforms'));

describe('surveyBackends', () => {
  it('lists the six backends that run in Node, each present or with a reason', async () => {
    const entries = await surveyBackends();
    const names = ['ndarray', 'wasm', 'wasm-threads', 'blas', 'tfjs-cpu', 'tfjs-wasm'];
    expect(entries.map((entry) => entry.name)).toEqual(names);
    for (const { name, backend, missing } of entries) {
      expect(backend === undefined).toBe(missing !== undefined);
      if (backend) expect(backend.name).toBe(name);
    }
  });
});
