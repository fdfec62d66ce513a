import { add, matmul, tensor } from '@sntk/linalg';
import { conformanceCases } from '@sntk/linalg/conformance';
import { scope } from '@sntk/linalg/devices';
import { describe, expect, it } from 'vitest';
import { standInDevice } from '../src/index.ts';

describe('the stand-in for a device', () => {
  const { backend } = standInDevice();
  for (const one of conformanceCases()) if (one.applies(backend)) it(one.name, () => one.run(backend));

  it('gives back what was made in a scope, also in one that throws', () => {
    const device = standInDevice();
    const a = tensor([[1, 2]], { backend: device.backend });
    const { sum } = scope(device.backend, () => ({ sum: add(add(a, a), a) }));
    expect(device.live()).toBe(2);
    expect(() => scope(device.backend, () => ({ product: matmul(add(a, a), a) }))).toThrow('matmul: b');
    expect(device.live()).toBe(2);
    sum.dispose();
    expect(() => add(sum, a)).toThrow('the tensor has been disposed of');
    expect(device.live()).toBe(1);
  });
});
