export function roundUp(x: number, to: number): number {
  return Math.ceil(x / to) * to;
}

/** Length of the pieces of an extent, a multiple of `unit`: one piece for one thread, else four a thread if it is long enough. */
export function cut(extent: number, threads: number, unit: number): number {
  return Math.max(unit, roundUp(Math.ceil(extent / (threads === 1 ? 1 : 4 * threads)), unit));
}

/** The pieces themselves, `[from, to]`. */
export function pieces(extent: number, threads: number, unit: number): (readonly [number, number])[] {
  const step = cut(extent, threads, unit);
  const out: [number, number][] = [];
  for (let from = 0; from < extent; from += step) out.push([from, Math.min(extent, from + step)]);
  return out;
}
