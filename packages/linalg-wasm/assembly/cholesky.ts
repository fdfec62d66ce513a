// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * Cholesky factors and triangular solves, float64, on the panels of `panel.ts`.
 *
 * The factor is right-looking in blocks of 64 columns: rows below the block are solved panel by panel (their transposes
 * are right-hand sides), and the same panels then serve as both factors of the update of what remains. `src/factor.ts` leads
 * through the blocks and cuts each step for its threads. Matrices are row-major with rows `stride` bytes apart, filled up to
 * whole panels.
 */
import { dot, PANEL_STEP, subtractTile } from './panel';

/**
 * Overwrites the lower triangle of a block of at most 64 columns by its factor, by dot products of rows. Returns −1, or
 * the first pivot that is not positive, which is left in its place.
 */
export function factorBlock(n: usize, a: usize, stride: usize): i32 {
  for (let i: usize = 0; i < n; i++) {
    const row = a + i * stride;
    for (let j: usize = 0; j < i; j++) {
      const other = a + j * stride;
      store<f64>(row + j * 8, (load<f64>(row + j * 8) - dot(j, row, other)) / load<f64>(other + j * 8));
    }
    const pivot = load<f64>(row + i * 8) - dot(i, row, row);
    if (!(pivot > 0)) {
      store<f64>(row + i * 8, pivot);
      return i as i32;
    }
    store<f64>(row + i * 8, Math.sqrt(pivot));
  }
  return -1;
}

/** Solves `count` rows of `depth` numbers with the factor of the block above them; their panels of depth 64 go to `panels`. */
export function solveBelow(
  count: usize,
  depth: usize,
  block: usize,
  rows: usize,
  stride: usize,
  panels: usize,
): void {
  for (let i: usize = 0; i < count; i += 8) {
    const panel = panels + i * (64 * 8);
    gatherPanel(depth, rows + i * stride, stride, panel);
    solvePanel(depth, block, stride, panel);
    scatterPanel(depth, rows + i * stride, stride, panel);
  }
}

/** Eight rows of `depth` numbers as a panel: a transpose. */
function gatherPanel(depth: usize, rows: usize, stride: usize, panel: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    const from = rows + i * stride;
    const to = panel + i * 8;
    for (let p: usize = 0; p < depth; p++) store<f64>(to + p * PANEL_STEP, load<f64>(from + p * 8));
  }
}

function scatterPanel(depth: usize, rows: usize, stride: usize, panel: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    const to = rows + i * stride;
    const from = panel + i * 8;
    for (let p: usize = 0; p < depth; p++) store<f64>(to + p * 8, load<f64>(from + p * PANEL_STEP));
  }
}

/** Solves `L X = B` in place for panels one after another. */
export function solvePanels(n: usize, l: usize, stride: usize, panels: usize, count: usize): void {
  for (let at: usize = 0; at < count; at++) solvePanel(n, l, stride, panels + at * n * PANEL_STEP);
}

/** Solves `L X = B` in place for a panel, `n` even, two rows at a time: what they owe to the rows above is one tile. */
function solvePanel(n: usize, l: usize, stride: usize, panel: usize): void {
  for (let i: usize = 0; i < n; i += 2) {
    const row = l + i * stride;
    const to = panel + i * PANEL_STEP;
    subtractTile(i, row, 8, row + stride, panel, to, PANEL_STEP);
    const upper = f64x2.splat(load<f64>(row + i * 8));
    const across = f64x2.splat(load<f64>(row + stride + i * 8));
    const lower = f64x2.splat(load<f64>(row + stride + i * 8 + 8));
    for (let at = to; at < to + PANEL_STEP; at += 16) {
      const x = f64x2.div(v128.load(at), upper);
      v128.store(at, x);
      v128.store(
        at + PANEL_STEP,
        f64x2.div(f64x2.sub(v128.load(at + PANEL_STEP), f64x2.mul(across, x)), lower),
      );
    }
  }
}
