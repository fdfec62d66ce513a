import { describe, expect, it } from 'vitest';
import { describeBackends, selectBackend } from '../../src/backends.ts';
import { createCpuBackend } from '../../src/extending.ts';
import { type Backend, ndarrayBackend } from '../../src/index.ts';
import { plainGemm } from '../../src/plain-gemm.ts';

const plain = { name: 'ndarray', create: ndarrayBackend };
const absent = {
  name: 'absent',
  create: (): Backend => {
    throw new Error('install it');
  },
};
const single = {
  name: 'single',
  create: async (): Promise<Backend> => ({ ...ndarrayBackend(), name: 'single', dtypes: ['float32'] }),
};

/** Multiplies three times over, so it is a third as fast wherever it runs. */
const slow = createCpuBackend({
  name: 'slow',
  tolerance: { float64: 1e-13, float32: 1e-5 },
  gemm(...args) {
    for (let i = 0; i < 3; i++) plainGemm(...args);
  },
});

describe('describeBackends', () => {
  it('reports what is here with dtypes, threads and a measured speed, and why others are not', async () => {
    const reports = await describeBackends([absent, plain, single, { name: 'slow', create: () => slow }], {
      size: 32,
      milliseconds: 1,
    });
    expect(reports.map(({ name }) => name)).toEqual(['absent', 'ndarray', 'single', 'slow']);
    expect(reports[0]).toEqual({ name: 'absent', missing: 'install it', dtypes: [], gflops: {} });
    expect(reports[1]).toMatchObject({
      backend: ndarrayBackend(),
      dtypes: ['float64', 'float32'],
      threads: 1,
    });
    expect(reports[1].gflops.float64).toBeGreaterThan(0);
    expect(Object.keys(reports[2].gflops)).toEqual(['float32']);
    expect(reports[3]).not.toHaveProperty('threads');
  });

  it('reports a backend that fails when it multiplies', async () => {
    const broken = createCpuBackend({
      name: 'broken',
      tolerance: { float64: 1, float32: 1 },
      gemm() {
        throw new Error('the device is lost');
      },
    });
    const [report] = await describeBackends([{ name: 'broken', create: () => broken }], { size: 4 });
    expect(report.missing).toBe('the device is lost');
  });

  it('refuses sizes and times that are none', async () => {
    await expect(describeBackends([], { size: 0 })).rejects.toThrow(
      'options.size must be an integer of at least 1',
    );
    await expect(describeBackends([], { milliseconds: 0 })).rejects.toThrow('options.milliseconds');
  });
});

describe('selectBackend', () => {
  it('takes the first that is here, preferred ones before the others', async () => {
    expect(await selectBackend([absent, plain])).toBe(ndarrayBackend());
    const both = [plain, { name: 'slow', create: () => slow }];
    expect((await selectBackend(both, { prefer: 'slow' })).name).toBe('slow');
    expect((await selectBackend([absent, ...both], { prefer: ['absent', 'slow'] })).name).toBe('slow');
    expect((await selectBackend([absent, ...both], { prefer: ['absent'] })).name).toBe('ndarray');
  });

  it('takes only what has the dtype', async () => {
    expect((await selectBackend([single, plain])).name).toBe('ndarray');
    expect((await selectBackend([single, plain], { dtype: 'float32' })).name).toBe('single');
  });

  it('measures when the fastest is wanted', async () => {
    const all = [absent, { name: 'slow', create: () => slow }, plain, single];
    expect((await selectBackend(all, { prefer: 'fastest' })).name).toBe('ndarray');
  });

  it('tells of each candidate that it passes over', async () => {
    for (const prefer of ['fastest', 'absent']) {
      const skipped: unknown[] = [];
      await selectBackend([absent, single, plain], { prefer, onSkip: (one) => skipped.push(one) });
      expect(skipped).toEqual([
        { name: 'absent', reason: 'install it' },
        { name: 'single', reason: 'has no float64' },
      ]);
    }
  });

  it('says for each candidate why it is none', async () => {
    for (const prefer of ['fastest', 'absent']) {
      await expect(selectBackend([absent, single], { prefer })).rejects.toThrow(
        'selectBackend: no candidate for float64 is here (absent: install it; single: has no float64)',
      );
    }
    await expect(selectBackend([])).rejects.toThrow('none was listed');
    await expect(selectBackend([plain], { prefer: 'blsa' })).rejects.toThrow(
      'options.prefer must be names of candidates (ndarray), got "blsa"',
    );
  });
});
