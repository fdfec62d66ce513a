import { fullyConnected } from '@sntk/architecture';
import { tensor } from '@sntk/linalg';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { analyticKernel } from '../../kernels/src/index.ts';
import { DEVICE_JOBS } from './device-jobs.ts';
import { nodeDevices } from './devices.ts';
import { BACKEND_CALLS, leftBehind, NOTHING_LEFT } from './leaks.ts';

describe.each((await nodeDevices()).map((backend) => [backend.name, backend] as const))(
  '%s',
  (_, backend) => {
    it.each(DEVICE_JOBS)('runs $name without leaving the device or leaving anything there', async (job) => {
      const { gap, accepted, reads, left } = await job.run(backend);
      expect(gap).toBeLessThan(accepted);
      expect(reads).toBe(job.reads);
      expect(left).toBe(0);
    });

    it('gives kernels of no points their shape', async () => {
      const before = tf.memory().numTensors;
      const none = tensor([], { backend, shape: [0, 2] });
      const { nngp, ntk } = analyticKernel(fullyConnected({ inputs: 2, hidden: [1] }), { X: none });
      expect((await ntk.read()).shape).toEqual([0, 0]);
      for (const t of [none, nngp, ntk]) t.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it.each(Object.keys(BACKEND_CALLS))('leaves nothing but its result behind: %s', async (name) => {
      expect(await leftBehind(backend, name)).toEqual(NOTHING_LEFT);
    });
  },
);
