/*
 * The register tile every dense kernel is built on: three rows by three vectors.
 *
 * Nine accumulators, three splats of the left factor and one vector of the right one leave two of the fifteen
 * vector registers that V8 hands out on x64. Wider tiles (3 × 4, 2 × 5) spill and run at half speed; 2 × 4 and 4 × 2
 * fit but spend more of their instructions on loads. The loop is not unrolled: V8 moves arithmetic freely within a
 * loop body, and over several steps it moves it until the accumulators spill.
 */

/** Rows of a tile. */
export const TILE_ROWS: usize = 3;
/** Vectors of 16 bytes in a row of a tile. */
export const TILE_VECTORS: usize = 3;

/** Where tiles that stick out of the matrix are computed before their valid part is added. */
const EDGE: usize = memory.data(144, 16);

/** Columns of a tile. */
export function tileColumns<T>(): usize {
  return (TILE_VECTORS * 16) / sizeof<T>();
}

/**
 * `C += A B` for one tile: `a` holds `depth` groups of 3 numbers, `b` holds `depth` groups of 3 vectors, of which
 * the first `vectors` are used. `stride` is the distance of the rows of `C` in bytes.
 */
export function tile<T>(vectors: usize, depth: usize, a: usize, b: usize, c: usize, stride: usize): void {
  if (vectors === 3) tile3<T>(depth, a, b, c, stride);
  else if (vectors === 2) tile2<T>(depth, a, b, c, stride);
  else tile1<T>(depth, a, b, c, stride);
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
  const lanes: usize = 16 / sizeof<T>();
  memory.fill(EDGE, 0, 144);
  tile<T>((columns + lanes - 1) / lanes, depth, a, b, EDGE, TILE_VECTORS * 16);
  for (let i: usize = 0; i < rows; i++) {
    const to = c + i * stride;
    const from = EDGE + i * (TILE_VECTORS * 16);
    for (let j: usize = 0; j < columns * sizeof<T>(); j += sizeof<T>()) {
      store<T>(to + j, load<T>(to + j) + load<T>(from + j));
    }
  }
}

export function tile3<T>(depth: usize, a: usize, b: usize, c: usize, stride: usize): void {
  let c00 = v128.splat<T>(0 as T);
  let c01 = c00;
  let c02 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c20 = c00;
  let c21 = c00;
  let c22 = c00;
  for (const end = a + depth * (3 * sizeof<T>()); a < end; a += 3 * sizeof<T>(), b += 48) {
    const a0 = v128.load_splat<T>(a);
    const a1 = v128.load_splat<T>(a, sizeof<T>());
    const a2 = v128.load_splat<T>(a, 2 * sizeof<T>());
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    c00 = v128.add<T>(c00, v128.mul<T>(a0, b0));
    c10 = v128.add<T>(c10, v128.mul<T>(a1, b0));
    c20 = v128.add<T>(c20, v128.mul<T>(a2, b0));
    c01 = v128.add<T>(c01, v128.mul<T>(a0, b1));
    c11 = v128.add<T>(c11, v128.mul<T>(a1, b1));
    c21 = v128.add<T>(c21, v128.mul<T>(a2, b1));
    c02 = v128.add<T>(c02, v128.mul<T>(a0, b2));
    c12 = v128.add<T>(c12, v128.mul<T>(a1, b2));
    c22 = v128.add<T>(c22, v128.mul<T>(a2, b2));
  }
  addRow3<T>(c, c00, c01, c02);
  addRow3<T>(c + stride, c10, c11, c12);
  addRow3<T>(c + 2 * stride, c20, c21, c22);
}

function addRow3<T>(c: usize, x: v128, y: v128, z: v128): void {
  v128.store(c, v128.add<T>(v128.load(c), x));
  v128.store(c, v128.add<T>(v128.load(c, 16), y), 16);
  v128.store(c, v128.add<T>(v128.load(c, 32), z), 32);
}

function tile2<T>(depth: usize, a: usize, b: usize, c: usize, stride: usize): void {
  let c00 = v128.splat<T>(0 as T);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  for (const end = a + depth * (3 * sizeof<T>()); a < end; a += 3 * sizeof<T>(), b += 48) {
    const a0 = v128.load_splat<T>(a);
    const a1 = v128.load_splat<T>(a, sizeof<T>());
    const a2 = v128.load_splat<T>(a, 2 * sizeof<T>());
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    c00 = v128.add<T>(c00, v128.mul<T>(a0, b0));
    c10 = v128.add<T>(c10, v128.mul<T>(a1, b0));
    c20 = v128.add<T>(c20, v128.mul<T>(a2, b0));
    c01 = v128.add<T>(c01, v128.mul<T>(a0, b1));
    c11 = v128.add<T>(c11, v128.mul<T>(a1, b1));
    c21 = v128.add<T>(c21, v128.mul<T>(a2, b1));
  }
  addRow2<T>(c, c00, c01);
  addRow2<T>(c + stride, c10, c11);
  addRow2<T>(c + 2 * stride, c20, c21);
}

function addRow2<T>(c: usize, x: v128, y: v128): void {
  v128.store(c, v128.add<T>(v128.load(c), x));
  v128.store(c, v128.add<T>(v128.load(c, 16), y), 16);
}

function tile1<T>(depth: usize, a: usize, b: usize, c: usize, stride: usize): void {
  let c0 = v128.splat<T>(0 as T);
  let c1 = c0;
  let c2 = c0;
  for (const end = a + depth * (3 * sizeof<T>()); a < end; a += 3 * sizeof<T>(), b += 48) {
    const b0 = v128.load(b);
    c0 = v128.add<T>(c0, v128.mul<T>(v128.load_splat<T>(a), b0));
    c1 = v128.add<T>(c1, v128.mul<T>(v128.load_splat<T>(a, sizeof<T>()), b0));
    c2 = v128.add<T>(c2, v128.mul<T>(v128.load_splat<T>(a, 2 * sizeof<T>()), b0));
  }
  v128.store(c, v128.add<T>(v128.load(c), c0));
  v128.store(c + stride, v128.add<T>(v128.load(c + stride), c1));
  v128.store(c + 2 * stride, v128.add<T>(v128.load(c + 2 * stride), c2));
}

export function t3f64(depth: usize, a: usize, b: usize, c: usize, stride: usize): void { tile3<f64>(depth,a,b,c,stride); }
export function t3f32(depth: usize, a: usize, b: usize, c: usize, stride: usize): void { tile3<f32>(depth,a,b,c,stride); }
