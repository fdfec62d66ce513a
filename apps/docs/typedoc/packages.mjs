import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../packages', import.meta.url));

/** The public packages with the sources of their entries, in alphabetical order. */
export function packages() {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'package.json')))
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
      if (manifest.private) return [];
      const entries = Object.entries(manifest.exports).flatMap(([key, target]) => {
        const source = target['@sntk/source'];
        return source ? [{ name: manifest.name + key.slice(1), source: join(path, source) }] : [];
      });
      return [{ path, description: manifest.description, entries }];
    });
}
