import { describe, expect, it } from 'vitest';
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

    it.each(Object.keys(BACKEND_CALLS))('leaves nothing but its result behind: %s', async (name) => {
      expect(await leftBehind(backend, name)).toEqual(NOTHING_LEFT);
    });
  },
);
