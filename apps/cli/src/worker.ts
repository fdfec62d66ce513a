import type { MessagePort } from 'node:worker_threads';
import { runTask, type Task, type TaskContext, type TaskResult } from './figure1/tasks.ts';

export interface WorkerRequest {
  readonly context: TaskContext;
  readonly task: Task;
  /** Gets the share of the task that is done, from 0 to 1. */
  readonly progress: MessagePort;
}

/** What each worker thread runs. */
export default function work(request: WorkerRequest): TaskResult {
  try {
    return runTask(request.context, request.task, (share) => request.progress.postMessage(share));
  } finally {
    request.progress.close();
  }
}
