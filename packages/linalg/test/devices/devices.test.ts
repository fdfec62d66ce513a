import { describe, expect, it } from 'vitest';
import { standInDevice } from '../../../testing/src/stand-in-device.ts';
import { choleskyAsync, eighAsync, onCpu, qrAsync, scope } from '../../src/devices.ts';
import {
  add,
  binary,
  cholesky,
  eigh,
  matmul,
  mul,
  ndarrayBackend,
  qr,
  solveCholesky,
  tensor,
  toArray,
} from '../../src/index.ts';

const A = [
  [4, 2],
  [2, 5],
];

describe('scope', () => {
  it('gives back what was made in it but the result, and nothing from outside', async () => {
    const { backend, live } = standInDevice();
    const a = tensor(A, { backend });
    const { b } = scope(backend, () => {
      const { square } = scope(backend, () => ({ square: add(matmul(a, a), 1) }));
      expect(live()).toBe(2);
      return { b: mul(square, 2) };
    });
    expect(live()).toBe(2);
    expect([...(await b.read()).data]).toEqual([42, 38, 38, 60]);
    expect(scope(backend, () => ({ a })).a).toBe(a);
    await a.read();
  });

  it('is a plain call on CPU backends', () => {
    const a = tensor(A, { backend: ndarrayBackend() });
    expect(toArray(scope(a.backend, () => ({ sum: add(a, a) })).sum)).toEqual(
      new Float64Array([8, 4, 4, 10]),
    );
  });

  it('leaves nothing of a number behind that a tensor is combined with', () => {
    const { backend, live } = standInDevice();
    const a = tensor(A, { backend });
    for (const t of [add(a, 1), mul(a, 2), binary('maximum', a, 3)]) t.dispose();
    expect(live()).toBe(1);
  });
});

describe('factorizations of tensors on a device', () => {
  it('read once, compute in float64, put the factors back and say so', async () => {
    const { backend, reads, live } = standInDevice();
    const a = tensor(A, { backend });
    const info = { jitter: 0, promoted: true, movedFrom: 'stand-in' };

    const { L, info: how } = await choleskyAsync(a, { jitter: 5 });
    expect(how).toEqual({ ...info, jitter: 5 });
    expect(L.backend).toBe(backend);
    const jittered = [
      [9, 2],
      [2, 10],
    ];
    const exactL = toArray(cholesky(tensor(jittered, { backend: ndarrayBackend() })).L);
    expect((await L.read()).data).toEqual(Float32Array.from(exactL));

    const pairs = await eighAsync(a);
    const exact = eigh(tensor(A, { backend: ndarrayBackend() }));
    expect(pairs.info).toEqual(info);
    expect(pairs.values).toEqual(exact.values);
    expect((await pairs.vectors.read()).data).toEqual(Float32Array.from(toArray(exact.vectors)));

    const { Q, R, info: qrInfo } = await qrAsync(a);
    expect(qrInfo).toEqual(info);
    const exactQr = qr(tensor(A, { backend: ndarrayBackend() }));
    expect((await Q.read()).data).toEqual(Float32Array.from(toArray(exactQr.Q)));
    expect((await R.read()).data).toEqual(Float32Array.from(toArray(exactQr.R)));
    expect(reads()).toBe(3 + 4);
    expect(live()).toBe(1 + 4);
  });

  it('compute where they are on a CPU backend', async () => {
    const a = tensor(A, { backend: ndarrayBackend() });
    expect((await choleskyAsync(a)).info).toEqual({ jitter: 0, promoted: false });
    expect((await eighAsync(a)).values).toEqual(eigh(a).values);
    expect(toArray((await qrAsync(a)).R)).toEqual(toArray(qr(a).R));
  });

  it('refuse what the ones on CPU backends refuse, and leave nothing behind', async () => {
    const { backend, live } = standInDevice();
    const indefinite = tensor(
      [
        [1, 2],
        [2, 1],
      ],
      { backend },
    );
    await expect(choleskyAsync(indefinite)).rejects.toThrow('cholesky: pivot 1 is -3');
    await expect(eighAsync(tensor([[Number.NaN]], { backend }))).rejects.toThrow('a must be finite numbers');
    await expect(qrAsync(tensor([[1, 2]], { backend }))).rejects.toThrow('at least as many rows as columns');
    expect(live()).toBe(3);
    expect(() => cholesky(indefinite)).toThrow('or use onCpu of @sntk/linalg/devices');
  });
});

describe('onCpu', () => {
  it('keeps float64 from one factorization to the next', async () => {
    const { backend } = standInDevice();
    // A Hilbert matrix: with a float32 factor its solution keeps three digits.
    const n = 5;
    const H = Float32Array.from({ length: n * n }, (_, p) => 1 / (Math.floor(p / n) + (p % n) + 1));
    const ones = new Float32Array(n).fill(1);
    const h = tensor(H, { backend, shape: [n, n] });
    const b = tensor(ones, { backend, shape: [n, 1] });
    const { x, count } = await onCpu([h, b], (a, c) => ({ x: solveCholesky(cholesky(a), c), count: 7 }));
    expect(count).toBe(7);
    expect(x.backend).toBe(backend);
    const cpu = ndarrayBackend();
    const exact = solveCholesky(
      cholesky(tensor(Float64Array.from(H), { backend: cpu, shape: [n, n] })),
      tensor(Float64Array.from(ones), { backend: cpu, shape: [n, 1] }),
    );
    expect((await x.read()).data).toEqual(Float32Array.from(toArray(exact)));
  });

  it('refuses no tensors, tensors of two backends and a device in place of a CPU', async () => {
    const { backend } = standInDevice();
    const other = standInDevice().backend;
    const a = tensor(A, { backend });
    await expect(onCpu([], () => ({}))).rejects.toThrow('onCpu: tensors must be at least one tensor');
    await expect(onCpu([a, tensor(A, { backend: other })], () => ({}))).rejects.toThrow(
      'onCpu: tensors[1] must be on backend stand-in like the first, got "another stand-in"',
    );
    await expect(onCpu([a], () => ({}), { cpu: other })).rejects.toThrow(
      'onCpu: options.cpu must be a CPU backend, got "stand-in"',
    );
  });
});
