import { conformanceCases } from '@sntk/linalg/conformance';
import { describe, it } from 'vitest';
import { NEEDS_VULKAN, webgpuBackend } from './devices.ts';

const backend = await webgpuBackend();

describe('tfjs-webgpu', () => {
  if (!backend) it.skip(NEEDS_VULKAN);
  for (const one of conformanceCases()) {
    if (backend && one.applies(backend)) it(one.name, () => one.run(backend));
  }
});
