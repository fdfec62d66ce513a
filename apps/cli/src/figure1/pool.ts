import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ProgressBar } from '../progress.ts';
import type { WorkerRequest } from '../worker.ts';
import type { Task, TaskContext, TaskResult } from './tasks.ts';

/** Rough relative costs, from which the remaining time is estimated. */
const COST: Readonly<Record<Task['method'], number>> = {
  sgd: 16,
  sntk: 0.3,
  epochs: 0.3,
  paper: 0.14,
  independent: 0.02,
  kernelSgd: 0.02,
};
/** Exact moments take about as long whatever the number of steps. */
const EXACT_COST = 16 * 1000;

/** Runs the tasks on worker threads, as many at a time as there are workers. Results are in the order of the tasks. */
export async function runPool(
  context: TaskContext,
  tasks: readonly Task[],
  progress: ProgressBar,
): Promise<TaskResult[]> {
  const workers = Math.min(context.config.workers, tasks.length);
  const pool = new Piscina({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
  });
  const weights = tasks.map((task) =>
    'exact' in task ? EXACT_COST : COST[task.method] * task.paths * context.steps,
  );
  const shares = tasks.map(() => 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const report = (i: number, share: number): void => {
    shares[i] = share;
    progress.update(shares.reduce((sum, done, j) => sum + done * weights[j], 0) / total);
  };
  try {
    return await Promise.all(
      tasks.map(async (task, i) => {
        const { port1, port2 } = new MessageChannel();
        port1.on('message', (share: number) => report(i, share));
        const request: WorkerRequest = { context, task, progress: port2 };
        try {
          const result = (await pool.run(request, { transferList: [port2] })) as TaskResult;
          report(i, 1);
          return result;
        } finally {
          port1.close();
        }
      }),
    );
  } finally {
    await pool.destroy();
  }
}
