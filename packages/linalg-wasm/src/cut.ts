export function roundUp(x: number, to: number): number {
  return Math.ceil(x / to) * to;
}

/** Pieces `[from, to]` of an extent, of a multiple of `unit`: one for one thread, else four a thread if it is long enough. */
export function pieces(extent: number, threads: number, unit: number): Piece[] {
  return inPieces(extent, threads === 1 ? 1 : 4 * threads, unit);
}

export type Piece = readonly [number, number];

/** At most `count` pieces of an extent, all but the last as long as each other and a multiple of `unit`. */
export function inPieces(extent: number, count: number, unit: number): Piece[] {
  const step = Math.max(unit, roundUp(Math.ceil(extent / count), unit));
  const out: Piece[] = [];
  for (let from = 0; from < extent; from += step) out.push([from, Math.min(extent, from + step)]);
  return out;
}
