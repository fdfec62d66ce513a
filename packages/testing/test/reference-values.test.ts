import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Provenance {
  readonly script: string;
  readonly scriptSha256: string;
  /** Other scripts that it imports, and their digests. */
  readonly imports: Readonly<Record<string, string>>;
  readonly fixtureSha256: string;
  readonly versions: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const digest = (path: string): string =>
  createHash('sha256')
    .update(readFileSync(join(root, path)))
    .digest('hex');
const recorded = JSON.parse(text('scripts/reference/provenance.json')) as Record<string, Provenance>;
const fixtures = readdirSync(join(root, 'packages'))
  .map((name) => `packages/${name}/test/fixtures`)
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`))
  .sort();
const pins = Object.fromEntries(
  [...text('scripts/reference/requirements.txt').matchAll(/^([\w-]+)==(.+)$/gm)].map(
    ([, name, version]) => [name, version] as const,
  ),
);

describe('reference values', () => {
  test('are all written by a recorded script', () => {
    expect(fixtures).toEqual(Object.keys(recorded).sort());
  });

  test('take less than 2 MB in all', () => {
    const bytes = fixtures.map((path) => statSync(join(root, path)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2e6);
  });

  test.each(Object.entries(recorded))(
    '%s is what its script wrote with the pinned versions',
    (path, { script, scriptSha256, imports, fixtureSha256, versions }) => {
      const again = `run ${script} again, in an environment with the pinned versions`;
      expect(digest(script), again).toBe(scriptSha256);
      for (const [module, sha256] of Object.entries(imports)) expect(digest(module), again).toBe(sha256);
      expect(digest(path), again).toBe(fixtureSha256);
      expect(versions, again).toEqual(
        Object.fromEntries(Object.keys(versions).map((name) => [name, pins[name]])),
      );
    },
  );
});
