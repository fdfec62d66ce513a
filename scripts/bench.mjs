// `pnpm bench`: builds everything and runs every package's benchmarks, one after another.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packagesIn, run } from './workspace.mjs';

run('turbo', ['run', 'build', '--output-logs=errors-only', '--log-prefix=none']);
for (const { path, manifest } of packagesIn('packages')) {
  const folder = join(path, 'bench');
  if (!existsSync(folder)) continue;
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.bench.mjs'))) {
    console.log(`\n${manifest.name}: ${name}`);
    run(process.execPath, [join(folder, name)], { cwd: path });
  }
}
