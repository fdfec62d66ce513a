// One setting of a job: all contestants prepared, run in turn, and compared before a time counts.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeNpy } from '@sntk/datasets';
import { startContestant } from './contestant.mjs';
import { distance } from './distance.mjs';

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

/** How a result compares with the reference: by the job's own rule, or by the relative distance. */
function judge(job, result, reference) {
  if (job.agree) return job.agree(result, reference);
  const same = job.comparable ?? ((one) => one);
  const gap = distance(same(result), same(reference));
  return { agrees: gap <= job.tolerance, measure: `relative distance ${gap.toExponential(1)}` };
}

/**
 * Runs one setting on so many threads; one row for each contestant: `{ contestant, side, coldMs, warmUps, warmMs, rounds,
 * peakBytes, agreement }`, or with `failure`.
 */
export async function contest(name, job, setting, { threads, python, pin, rounds, seconds }) {
  const folder = mkdtempSync(join(tmpdir(), 'sntk-bench-'));
  const inputs = {};
  for (const [key, array] of Object.entries(job.inputs(setting))) {
    inputs[key] = join(folder, `${key}.npy`);
    writeFileSync(inputs[key], encodeNpy(array));
  }
  const entries = [
    ...Object.keys(job.ours).map((variant) => ({ contestant: variant, side: 'ours', kind: 'ours' })),
    ...job.peers.map((variant) => ({ contestant: variant, side: 'peer', kind: python })),
  ];
  const running = [];
  try {
    for (const entry of entries) {
      const { contestant, kind, side } = entry;
      const row = { contestant, side, warmUps: 0, times: [] };
      const process = startContestant({
        kind,
        job: name,
        variant: contestant,
        setting,
        inputs,
        threads,
        pin,
      });
      running.push({ row, process });
      await attempt(row, async () => {
        await process.prepare();
        row.coldMs = (await process.run()).ms;
      });
    }
    for (const { row, process } of running)
      if (!row.failure) await attempt(row, () => warmUp(row, process, setting));
    const start = performance.now();
    const wanted = setting.rounds ?? rounds;
    for (let round = 0; round < wanted; round++) {
      if (round > 0 && performance.now() - start > 1000 * seconds) break;
      for (const { row, process } of running) {
        if (!row.failure) await attempt(row, async () => row.times.push((await process.run()).ms));
      }
    }
    await compare(job, running, folder);
  } finally {
    for (const { process } of running) process.end();
    rmSync(folder, { recursive: true, force: true });
  }
  return running.map(({ row: { times, ...row } }) => {
    if (row.failure) return row;
    // Where a run takes minutes the first one has to do.
    const counted = times.length > 0 ? times : [row.coldMs];
    return { ...row, rounds: times.length, warmMs: median(counted) };
  });
}

/** V8 compiles again and again while a function gets hot; who is faster than this is run until that is over. */
const WARM_UP = { runs: 12, ms: 1500 };

async function warmUp(row, process, { rounds }) {
  if (rounds !== undefined) return;
  let spent = row.coldMs;
  for (; row.warmUps < WARM_UP.runs && spent < WARM_UP.ms; row.warmUps++) spent += (await process.run()).ms;
}

async function attempt(row, action) {
  try {
    await action();
  } catch (error) {
    row.failure = error.message;
  }
}

async function compare(job, running, folder) {
  const results = new Map();
  for (const [k, { row, process }] of running.entries()) {
    if (row.failure) continue;
    await attempt(row, async () => {
      const own = join(folder, String(k));
      mkdirSync(own);
      const { names, peakBytes } = await process.finish(own);
      row.peakBytes = peakBytes;
      const read = (name) => new Float64Array(new Uint8Array(readFileSync(join(own, name))).buffer);
      results.set(row, Object.fromEntries(names.map((name) => [name, read(name)])));
    });
  }
  // The first peer is the reference; without peers, our first contestant.
  const rows = [...results.keys()];
  const reference = rows.find(({ side }) => side === 'peer') ?? rows[0];
  for (const row of rows) {
    if (row === reference) continue;
    row.agreement = judge(job, results.get(row), results.get(reference));
    if (!row.agreement.agrees)
      row.failure = `disagrees with ${reference.contestant}: ${row.agreement.measure}`;
  }
}
