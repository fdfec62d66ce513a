import { describeBackends, selectBackend } from '@sntk/linalg/backends';
import { describe, expect, it, vi } from 'vitest';
import { type TfjsDevice, tfjsBackend, tfjsCandidates } from '../src/index.ts';

// The run may have started in a Node that has a navigator; WebGPU it has none of its own.
vi.stubGlobal('navigator', {});

describe('tfjsCandidates', () => {
  it('are passed over visibly until one is here', async () => {
    const skipped: { name: string; reason: string }[] = [];
    const backend = await selectBackend(tfjsCandidates(), {
      dtype: 'float32',
      onSkip: (one) => skipped.push(one),
    });
    expect(backend).toBe(await tfjsBackend({ device: 'wasm' }));
    expect(skipped).toEqual([
      {
        name: 'tfjs-webgpu',
        reason: expect.stringContaining(
          'this environment has no WebGPU (navigator.gpu); use device webgl or wasm',
        ),
      },
      { name: 'tfjs-webgl', reason: expect.stringContaining('device webgl is not available here') },
    ]);
  });

  it('say in a report why they are not here', async () => {
    const reports = await describeBackends(tfjsCandidates({ devices: ['webgpu', 'cpu'] }), {
      size: 8,
      milliseconds: 1,
    });
    expect(reports[0].missing).toContain('this environment has no WebGPU');
    expect(reports[1]).toMatchObject({ name: 'tfjs-cpu', dtypes: ['float32'], threads: 1 });
    expect(reports[1].gflops.float32).toBeGreaterThan(0);
  });

  it('have no float64, and say so', async () => {
    await expect(selectBackend(tfjsCandidates({ devices: ['wasm'] }))).rejects.toThrow(
      'no candidate for float64 is here (tfjs-wasm: has no float64)',
    );
  });

  it('refuse a device that is none', () => {
    expect(() => tfjsCandidates({ devices: ['cpu', 'tpu' as TfjsDevice] })).toThrow(
      'tfjsCandidates: options.devices[1] must be one of cpu, wasm, webgl, webgpu, got "tpu"',
    );
  });
});
