// A process that prepares one case of one job and runs it when told, by lines of JSON; ours and the peers' speak the same.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Settings that keep the libraries of Python to `threads` threads. */
function threadSettings(threads) {
  const names = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMEXPR_NUM_THREADS'];
  const xla = threads === 1 ? '--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1' : '';
  return { ...Object.fromEntries(names.map((name) => [name, String(threads)])), XLA_FLAGS: xla };
}

/**
 * Starts a contestant. `kind` is `ours` or the path of a Python interpreter; on one thread the process is held to one
 * core where the system can (`pin`), which also counts threads that ignore their settings.
 */
export function startContestant({ kind, job, variant, setting, inputs, threads, pin }) {
  const program =
    kind === 'ours' ? [process.execPath, here('./ours.mjs')] : [kind, '-W', 'ignore', here('./theirs.py')];
  const command = pin && threads === 1 ? ['taskset', '-c', '0', ...program] : program;
  // Each library picks the kernels for this processor by itself.
  const { OPENBLAS_CORETYPE: _type, OPENBLAS_L2_SIZE: _size, ...free } = process.env;
  const child = spawn(command[0], command.slice(1), {
    env: { ...free, ...threadSettings(threads), JAX_PLATFORMS: 'cpu', TF_CPP_MIN_LOG_LEVEL: '3' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors = (errors + text).slice(-4000);
  });
  const waiting = [];
  let rest = '';
  child.stdout.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) if (line.startsWith('{')) waiting.shift()?.resolve(JSON.parse(line));
  });
  child.on('exit', (code, signal) => {
    const failure = new Error(`${variant} of ${job} ended with ${signal ?? code}:\n${errors}`);
    for (const { reject } of waiting.splice(0)) reject(failure);
  });
  const ask = (message) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      child.stdin.write(`${JSON.stringify(message)}\n`);
    });
  return {
    /** Loads libraries and inputs, which is not timed. */
    prepare: () => ask({ do: 'prepare', job, variant, setting, inputs, threads }),
    /** Runs once: `{ ms }`. */
    run: () => ask({ do: 'run' }),
    /** Writes the last result's arrays as raw float64 to `folder`: `{ names, peakBytes }`. */
    finish: (folder) => ask({ do: 'finish', folder }),
    end: () => child.kill('SIGKILL'),
  };
}
