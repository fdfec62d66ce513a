// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * The register tile every dense kernel is built on: two rows by four vectors.
 *
 * Eight accumulators, two splats of the left factor, four vectors of the right one and one product fill the fifteen
 * vector registers that V8 hands out on x64, and need six loads for sixteen arithmetic instructions. Taller or wider
 * tiles (3 × 3, 3 × 4, 2 × 5) spill under some orders of instructions and then run at half speed. The loop is not
 * unrolled: V8 moves arithmetic freely within a loop body, and over several steps it moves it until accumulators spill.
 */
import { madd } from './madd';
import { edge } from './scratch';

/** Rows of a tile. */
export const TILE_ROWS: usize = 2;
/** Vectors of 16 bytes in a row of a tile. */
const TILE_VECTORS: usize = 4;
const GROUP: usize = TILE_VECTORS * 16;

/** Columns of a tile. */
export function tileColumns<T>(): usize {
  return GROUP / sizeof<T>();
}

/**
 * `C += A B` for one tile: `a` holds `depth` groups of 2 numbers, `b` holds `depth` groups of 4 vectors, of which
 * at least the first `vectors` are used. `stride` is the distance of the rows of `C` in bytes.
 */
export function tile<T>(depth: usize, a: usize, b: usize, c: usize, stride: usize): void {
  let c00 = v128.splat<T>(0 as T);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  for (const end = a + depth * (2 * sizeof<T>()); a < end; a += 2 * sizeof<T>(), b += GROUP) {
    const a0 = v128.load_splat<T>(a);
    const a1 = v128.load_splat<T>(a, sizeof<T>());
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    c00 = madd<T>(c00, a0, b0);
    c01 = madd<T>(c01, a0, b1);
    c02 = madd<T>(c02, a0, b2);
    c03 = madd<T>(c03, a0, b3);
    c10 = madd<T>(c10, a1, b0);
    c11 = madd<T>(c11, a1, b1);
    c12 = madd<T>(c12, a1, b2);
    c13 = madd<T>(c13, a1, b3);
  }
  accumulate<T>(c, c00);
  accumulate<T>(c + 16, c01);
  accumulate<T>(c + 32, c02);
  accumulate<T>(c + 48, c03);
  accumulate<T>(c + stride, c10);
  accumulate<T>(c + stride + 16, c11);
  accumulate<T>(c + stride + 32, c12);
  accumulate<T>(c + stride + 48, c13);
}

function accumulate<T>(c: usize, x: v128): void {
  v128.store(c, v128.add<T>(v128.load(c), x));
}

/** The same for the corner `rows × columns` of a tile only. */
export function tileEdge<T>(
  rows: usize,
  columns: usize,
  depth: usize,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
): void {
  const width = columns * sizeof<T>();
  memory.fill(edge, 0, 128);
  if (width <= 16) tileOne<T>(depth, a, b, edge);
  else if (width <= 32) tileTwo<T>(depth, a, b, edge);
  else tile<T>(depth, a, b, edge, GROUP);
  for (let i: usize = 0; i < rows; i++) {
    const to = c + i * stride;
    const from = edge + i * GROUP;
    for (let j: usize = 0; j < width; j += sizeof<T>()) store<T>(to + j, load<T>(to + j) + load<T>(from + j));
  }
}

/** Only the first two vectors of each group. */
function tileTwo<T>(depth: usize, a: usize, b: usize, c: usize): void {
  let c00 = v128.splat<T>(0 as T);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  for (const end = a + depth * (2 * sizeof<T>()); a < end; a += 2 * sizeof<T>(), b += GROUP) {
    const a0 = v128.load_splat<T>(a);
    const a1 = v128.load_splat<T>(a, sizeof<T>());
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    c00 = madd<T>(c00, a0, b0);
    c01 = madd<T>(c01, a0, b1);
    c10 = madd<T>(c10, a1, b0);
    c11 = madd<T>(c11, a1, b1);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c10, GROUP);
  v128.store(c, c11, GROUP + 16);
}

/** Only the first vector of each group. Even and odd steps have sums of their own, so that additions overlap. */
function tileOne<T>(depth: usize, a: usize, b: usize, c: usize): void {
  let even0 = v128.splat<T>(0 as T);
  let even1 = even0;
  let odd0 = even0;
  let odd1 = even0;
  const end = a + depth * (2 * sizeof<T>());
  for (; a + 2 * sizeof<T>() < end; a += 4 * sizeof<T>(), b += 2 * GROUP) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, GROUP);
    even0 = madd<T>(even0, v128.load_splat<T>(a), b0);
    even1 = madd<T>(even1, v128.load_splat<T>(a, sizeof<T>()), b0);
    odd0 = madd<T>(odd0, v128.load_splat<T>(a, 2 * sizeof<T>()), b1);
    odd1 = madd<T>(odd1, v128.load_splat<T>(a, 3 * sizeof<T>()), b1);
  }
  if (a < end) {
    const b0 = v128.load(b);
    even0 = madd<T>(even0, v128.load_splat<T>(a), b0);
    even1 = madd<T>(even1, v128.load_splat<T>(a, sizeof<T>()), b0);
  }
  v128.store(c, v128.add<T>(even0, odd0));
  v128.store(c, v128.add<T>(even1, odd1), GROUP);
}
