import { Presets, SingleBar } from 'cli-progress';

/** A bar with an estimate of what is left, on a terminal or in a log. */
export interface ProgressBar {
  /** The share that is done, from 0 to 1. */
  update(share: number): void;
  stop(): void;
}

const SCALE = 1000;

/** A bar on standard error; in a pipe it prints a line now and then. */
export function progressBar(label: string): ProgressBar {
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage} % · {duration_formatted} so far, {eta_formatted} left`,
      hideCursor: true,
      etaBuffer: 200,
      noTTYOutput: true,
      notTTYSchedule: 5000,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update(share) {
      if (!started) bar.start(SCALE, 0);
      started = true;
      bar.update(Math.round(share * SCALE));
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

/** For `--quiet`. */
export const silentBar: ProgressBar = { update() {}, stop() {} };
