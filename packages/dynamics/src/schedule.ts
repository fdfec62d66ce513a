/** The same number at every step, or a function of the number of the step, 0 first. */
export type Schedule = number | ((step: number) => number);

/** A schedule as a function that checks what it gives. */
export function scheduleOf(
  where: string,
  argument: string,
  schedule: Schedule,
  check: (where: string, argument: string, value: unknown) => number,
): (step: number) => number {
  if (typeof schedule !== 'function') {
    const value = check(where, argument, schedule);
    return () => value;
  }
  check(where, `${argument}(0)`, schedule(0));
  return (step) => check(where, `${argument}(${step})`, schedule(step));
}

/** For messages. */
export function showSchedule(schedule: Schedule): string {
  return typeof schedule === 'function' ? 'as scheduled' : String(schedule);
}
