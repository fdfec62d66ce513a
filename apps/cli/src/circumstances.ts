import { createRequire } from 'node:module';
import { arch, cpus, platform, release, totalmem } from 'node:os';

/** The version of this command line. */
export function ownVersion(): string {
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version;
}

/** Versions and hardware, for manifests. */
export function circumstances(): Readonly<Record<'versions' | 'hardware', unknown>> {
  return {
    versions: { sntk: ownVersion(), node: process.versions.node, v8: process.versions.v8 },
    hardware: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${platform()} ${release()} ${arch()}`,
    },
  };
}
