import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeNpz } from '@sntk/datasets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = new URL('../dist/main.js', import.meta.url).pathname;
const SMALL = [
  '--samples',
  '40',
  '--width',
  '32',
  '--depth',
  '2',
  '--epochs',
  '4',
  '--paths',
  '6',
  '--grid',
  '16',
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sntk-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sntk(...args: string[]): { code: number | null; out: string; err: string } {
  const result = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function figure1(out: string, ...args: string[]) {
  return sntk('figure1', ...SMALL, '--out', out, ...args);
}

describe('sntk figure1', () => {
  it('writes a run folder with everything in it and prints the table', () => {
    const { code, out, err } = figure1('run', '--seed', '7');
    expect(err).toContain('2N/λ_max');
    expect(code).toBe(0);
    const titles = [
      'SGD (4)',
      'NTK',
      'SNTK (exact)',
      'SNTK as printed (exact)',
      'Kernel SGD, i.i.d. (exact)',
      'Kernel SGD (6)',
    ];
    for (const title of titles) {
      expect(out).toContain(title);
    }
    const run = join(folder, 'run');
    expect(readdirSync(run).sort()).toEqual([
      'arrays.npz',
      'figure1.png',
      'figure1.svg',
      'manifest.json',
      'summary.json',
    ]);
    const manifest = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
    expect(manifest.config).toMatchObject({
      seed: 7,
      samples: 40,
      width: 32,
      sampler: 'epoch',
      backend: 'wasm',
    });
    expect(manifest.seconds.total).toBeGreaterThan(0);
    expect(manifest.hardware.cores).toBeGreaterThan(0);
    const arrays = decodeNpz(readFileSync(join(run, 'arrays.npz')));
    expect(arrays.X.shape).toEqual([40, 2]);
    expect(arrays.sgd_losses.shape).toEqual([4, 20]);
    expect(arrays.sgd_grid_mean.shape).toEqual(arrays.ntk_grid_mean.shape);
    expect(readFileSync(join(run, 'figure1.svg'), 'utf8')).toContain('Kernel SGD');
    expect([...readFileSync(join(run, 'figure1.png')).subarray(1, 4)]).toEqual(
      [...'PNG'].map((c) => c.charCodeAt(0)),
    );
  });

  it('gives the same numbers bit for bit on two runs, with one worker or two', () => {
    figure1('first', '--seed', '3', '--workers', '1');
    figure1('second', '--seed', '3', '--workers', '2');
    figure1('other', '--seed', '4');
    const read = (run: string, file: string) => readFileSync(join(folder, run, file));
    for (const file of ['summary.json', 'arrays.npz', 'figure1.svg', 'figure1.png']) {
      expect(read('first', file).equals(read('second', file)), file).toBe(true);
    }
    expect(read('first', 'arrays.npz').equals(read('other', 'arrays.npz'))).toBe(false);
  });

  it('has an exact band that is the spread of many paths', () => {
    const paths = 400;
    figure1('exact', '--seed', '3', '--epochs', '8');
    const sampled = ['--band', 'sampled', '--paths', String(paths)];
    expect(figure1('paths', '--seed', '3', '--epochs', '8', ...sampled).out).toContain(`SNTK (${paths})`);
    const [exact, drawn] = ['exact', 'paths'].map((run) =>
      decodeNpz(readFileSync(join(folder, run, 'arrays.npz'))),
    );
    const size = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
    for (const method of ['sntk', 'paper', 'independent']) {
      const entry = `${method}_grid_std`;
      const ratio = size(drawn[entry].data) / size(exact[entry].data);
      // Spread along one direction is known to 1/√(2·400); splitting and SDE differ by (ηλ/N)²/12 = 0.3 %.
      expect(Math.abs(ratio - 1), method).toBeLessThan(4 / Math.sqrt(2 * paths) + 0.003);
    }
    for (const [name, array] of Object.entries(exact)) {
      if (/^(sgd|ntk|kernelSgd)_grid/.test(name)) expect(drawn[name].shape).toEqual(array.shape);
    }
    expect([...(drawn.sgd_grid_mean.data as Float64Array)]).toEqual([
      ...(exact.sgd_grid_mean.data as Float64Array),
    ]);
  });

  it('starts all methods from the same function and keeps the training data of the run', () => {
    // With almost no training, every method is still at f_0.
    figure1('still', '--seed', '3', '--learning-rate', '1e-12');
    const arrays = decodeNpz(readFileSync(join(folder, 'still', 'arrays.npz')));
    for (const method of ['sgd', 'ntk', 'sntk', 'paper', 'kernelSgd']) {
      const mean = arrays[`${method}_grid_mean`].data as Float64Array;
      const f0 = arrays.f0_grid.data as Float64Array;
      // float32 parameters move by rounding at most.
      mean.forEach((value, i) => {
        expect(Math.abs(value - f0[i])).toBeLessThan(1e-5);
      });
    }
  });

  it('gives nearly the same numbers on the plain backend', () => {
    figure1('wasm', '--seed', '5');
    figure1('plain', '--seed', '5', '--backend', 'ndarray');
    const mean = (run: string) =>
      decodeNpz(readFileSync(join(folder, run, 'arrays.npz'))).sgd_grid_mean.data as Float64Array;
    const plain = mean('plain');
    // float32 training of 20 steps in another order of summation.
    mean('wasm').forEach((value, i) => {
      expect(Math.abs(value - plain[i])).toBeLessThan(1e-4);
    });
  });

  it('says that full batches have no minibatch noise, and divides by none of it', () => {
    const { code, out } = figure1('full', '--batch', '40', '--sampler', 'without-replacement');
    expect(code).toBe(0);
    expect(out).toContain('SGD has no minibatch noise here');
    const text = readFileSync(join(folder, 'full', 'summary.json'), 'utf8');
    expect(JSON.parse(text).methods.sntk).toMatchObject({ spread: null, spreadRatio: null });
  });

  it('runs the smooth activation, the empirical kernel and the printed convention', () => {
    expect(figure1('erf', '--activation', 'erf').code).toBe(0);
    expect(figure1('tanh', '--activation', 'tanh').code).toBe(0);
    expect(figure1('empirical', '--kernel', 'empirical').code).toBe(0);
    expect(figure1('paper', '--convention', 'paper').code).toBe(0);
    expect(readFileSync(join(folder, 'paper', 'figure1.svg'), 'utf8')).toContain('SNTK as printed');
  });
});

describe('sntk figure1 refuses in one line', () => {
  it.each([
    [['--samples', '0'], '--samples must be an integer of at least 2, got 0'],
    [['--batch', '41'], '--batch must be at most --samples, 40, got 41'],
    [['--width', '-3'], '--width must be an integer of at least 1, got -3'],
    [['--noise', '-1'], '--noise must be a finite number of at least 0, got -1'],
    [['--noise', 'NaN'], "option '--noise <σ>' argument 'NaN' is invalid. a number is wanted."],
    [['--learning-rate', '0'], '--learning-rate must be a finite number above 0, got 0'],
    [['--activation', 'swish'], "argument 'swish' is invalid. Allowed choices are relu, erf, linear,"],
    [['--sgd-runs', '1'], '--sgd-runs must be an integer of at least 2, got 1'],
    [['--samples', '1000000'], '--samples must be so small that a run fits in 8 GiB'],
    [['--frobnicate'], "unknown option '--frobnicate'"],
    [['--out', '/proc/nowhere/run'], '--out must be a new folder that can be written'],
  ])('%j, with code 2', (args, message) => {
    const { code, err, out } = figure1('refused', ...args);
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(out).toBe('');
    expect(code).toBe(2);
    expect(readdirSync(folder).filter((name) => /^(refused|runs)/.test(name))).toEqual([]);
  });

  it('an output folder that is taken, before computing anything', () => {
    mkdirSync(join(folder, 'taken', 'inside'), { recursive: true });
    const { code, err } = figure1('taken');
    expect(err).toContain('got "taken, which exists"');
    expect(code).toBe(2);
  });

  it('a network too large for float32, before training', () => {
    const { code, err } = figure1('huge', '--bias-variance', '1e300');
    expect(err).toMatch(
      /outputs at initialization reach .*, too large to train in float32; lower --weight-variance/,
    );
    expect(code).toBe(3);
  });

  it('a learning rate above the mean-square limit, with code 3 and the limit; --force shows the divergence', () => {
    const refused = figure1('fast', '--rate-fraction', '40');
    expect(refused.code).toBe(3);
    expect(refused.err).toMatch(
      /is above the mean-square limit .*: the mean diverges above 2N\/λ_max = .*; choose at most .*with --force/,
    );
    expect(existsSync(join(folder, 'fast'))).toBe(false);
    const forced = figure1('forced', '--rate-fraction', '40', '--epochs', '400', '--force');
    expect(forced.code).toBe(3);
    expect(forced.out).toMatch(/SGD +diverged/);
    expect(forced.out).toMatch(/^ {2}SGD: .*training diverged/m);
    const summary = JSON.parse(readFileSync(join(folder, 'forced', 'summary.json'), 'utf8'));
    expect(summary.diverged.sgd).toContain('not finite at step');
    // Without SGD there is nothing to be compared with.
    expect(readFileSync(join(folder, 'forced', 'figure1.svg'), 'utf8')).not.toContain('RMSE');
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });
});

describe('sntk figure1 leaves nothing half-written', () => {
  const start = (...args: string[]) =>
    spawn(process.execPath, [MAIN, 'figure1', ...SMALL, ...args], { cwd: folder, stdio: 'ignore' });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('after %s', async (signal) => {
    const child = start('--epochs', '40000', '--out', `made/${signal}/run`);
    await waitFor(() => existsSync(join(folder, 'made', signal)));
    child.kill(signal);
    const [code] = await once(child, 'exit');
    expect(code).toBeGreaterThan(128);
    expect(existsSync(join(folder, 'made'))).toBe(false);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'after %s while the folder is being made',
    async (signal) => {
      // The run sends itself the signal with the first folder that it makes.
      const hook = join(folder, 'hook.mjs');
      writeFileSync(
        hook,
        `import fs from 'node:fs';
       import { isMainThread } from 'node:worker_threads';
       import { syncBuiltinESMExports } from 'node:module';
       const { mkdirSync } = fs;
       fs.mkdirSync = (...args) => {
         mkdirSync(...args);
         if (isMainThread) process.kill(process.pid, '${signal}');
       };
       syncBuiltinESMExports();`,
      );
      const args = ['figure1', ...SMALL, '--out', `early/${signal}/run`];
      const child = spawn(process.execPath, ['--import', hook, MAIN, ...args], {
        cwd: folder,
        stdio: 'ignore',
      });
      const [code] = await once(child, 'exit');
      expect(code).toBe(128 + constants.signals[signal]);
      expect(existsSync(join(folder, 'early'))).toBe(false);
    },
  );

  it('and loses no run when two are given one folder', async () => {
    const runs = [start('--out', 'shared', '--seed', '1'), start('--out', 'shared', '--seed', '2')];
    const codes = await Promise.all(runs.map(async (run) => (await once(run, 'exit'))[0]));
    expect(codes.sort()).toEqual([0, 2]);
    const kept = readdirSync(folder).filter((name) => name.startsWith('shared'));
    const seeds = kept.map(
      (name) => JSON.parse(readFileSync(join(folder, name, 'manifest.json'), 'utf8')).config.seed,
    );
    expect(seeds.sort()).toEqual([1, 2]);
  });
});

describe('sntk', () => {
  it('prints its version and help', () => {
    expect(sntk('--version').out.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(sntk('--help').out).toContain('figure1');
    expect(sntk('--help').code).toBe(0);
    expect(sntk('nonsense').code).toBe(2);
  });
});
