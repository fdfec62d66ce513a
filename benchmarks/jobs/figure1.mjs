import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The whole command, as `npm start` runs it once everything is built. */
async function command() {
  const cli = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'sntk-bench-'));
    try {
      const out = join(folder, 'run');
      const { status, stderr } = spawnSync(process.execPath, [cli, 'figure1', '--out', out], {
        encoding: 'utf8',
      });
      if (status !== 0 || !existsSync(out)) throw new Error(`sntk figure1 ended with ${status}: ${stderr}`);
      return { rows: [readFileSync(join(out, 'manifest.json')).length] };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

export default {
  title: 'The full Figure 1',
  ours: { 'sntk figure1': command },
  peers: [],
  settings: [{ name: 'defaults', seconds: 30, threads: [2], rounds: 1 }],
  inputs: () => ({}),
};
