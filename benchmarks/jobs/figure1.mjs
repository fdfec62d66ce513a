import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Largest resident size so far, where the system tells it. */
function peakOf(pid) {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

/** The whole command, as `npm start` runs it once everything is built. */
async function command() {
  const cli = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
  const work = async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sntk-bench-'));
    try {
      const out = join(folder, 'run');
      const child = spawn(process.execPath, [cli, 'figure1', '--out', out], { stdio: 'ignore' });
      const watch = setInterval(() => {
        work.peakBytes = Math.max(work.peakBytes, peakOf(child.pid));
      }, 100);
      const [status] = await once(child, 'exit').finally(() => clearInterval(watch));
      if (status !== 0 || !existsSync(out)) throw new Error(`sntk figure1 ended with ${status}`);
      const { methods } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'));
      return { accuracy: Object.values(methods).map(({ accuracy }) => accuracy) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  work.peakBytes = 0;
  return work;
}

export default {
  title: 'The full Figure 1',
  ours: { 'sntk figure1': command },
  peers: [],
  settings: [{ name: 'defaults', seconds: 30, threads: [2], rounds: 1 }],
  inputs: () => ({}),
};
