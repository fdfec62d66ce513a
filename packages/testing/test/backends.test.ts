import { afterEach, describe, expect, it, vi } from 'vitest';

vi.mock('@sntk/linalg-blas', () => ({
  blasBackend: () => {
    throw new Error('install a library');
  },
}));

describe('a backend that is missing', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it('is skipped on a user’s machine, with what to install', async () => {
    vi.stubEnv('CI', '');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { availableBackends } = await import('../src/index.ts');
    const names = (await availableBackends()).map((backend) => backend.name);
    expect(names).toContain('ndarray');
    expect(names).not.toContain('blas');
    expect(warn).toHaveBeenCalledWith('backend blas is skipped: install a library');
  });

  it('is an error with CI=true', async () => {
    vi.stubEnv('CI', 'true');
    const { availableBackends } = await import('../src/index.ts');
    await expect(availableBackends()).rejects.toThrow(/backend \w+ is missing: /);
  });
});
