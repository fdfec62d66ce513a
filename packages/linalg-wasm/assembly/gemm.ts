// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * Matrix products on packed panels.
 *
 * The left factor is packed into panels of 2 rows, the right one into panels of 4 vectors of columns, both so that a
 * tile reads them straight through. 256 steps of depth make a right panel of 16 KB, which stays in the first-level
 * cache while the left panels pass by; 192 rows of the left factor (at most 384 KB) stay in the second-level cache.
 */
import { TILE_ROWS, tile, tileColumns, tileEdge } from './tile';

const DEPTH: usize = 256;
const ROWS: usize = 192;

/**
 * Packs `count` lanes of length `depth` into panels of `width` lanes, the last one filled up with zeros. Strides are in
 * bytes; one of the two is the size of a number.
 */
function pack<T>(
  to: usize,
  from: usize,
  count: usize,
  depth: usize,
  width: usize,
  laneStride: usize,
  depthStride: usize,
): void {
  const group = width * sizeof<T>();
  for (let lane: usize = 0; lane < count; lane += width, to += depth * group) {
    const live = min(width, count - lane);
    const source = from + lane * laneStride;
    if (live < width) memory.fill(to, 0, depth * group);
    if (laneStride === sizeof<T>()) packAcross<T>(to, source, live, depth, group, depthStride);
    else packAlong<T>(to, source, live, depth, group, laneStride, depthStride);
  }
}

/** Lanes are neighbours in memory: whole groups are copied. */
function packAcross<T>(
  to: usize,
  from: usize,
  live: usize,
  depth: usize,
  group: usize,
  depthStride: usize,
): void {
  const end = to + depth * group;
  if (live * sizeof<T>() === 64) {
    for (; to < end; to += 64, from += depthStride) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to, v128.load(from, 32), 32);
      v128.store(to, v128.load(from, 48), 48);
    }
    return;
  }
  for (; to < end; to += group, from += depthStride) {
    for (let at: usize = 0; at < live * sizeof<T>(); at += sizeof<T>()) store<T>(to + at, load<T>(from + at));
  }
}

/** Steps of depth are neighbours in memory: lane by lane, four steps at a time. */
function packAlong<T>(
  to: usize,
  from: usize,
  live: usize,
  depth: usize,
  group: usize,
  laneStride: usize,
  depthStride: usize,
): void {
  for (let lane: usize = 0; lane < live; lane++) {
    let source = from + lane * laneStride;
    let target = to + lane * sizeof<T>();
    let left = depth;
    for (; left >= 4; left -= 4) {
      store<T>(target, load<T>(source));
      store<T>(target + group, load<T>(source + depthStride));
      store<T>(target + 2 * group, load<T>(source + 2 * depthStride));
      store<T>(target + 3 * group, load<T>(source + 3 * depthStride));
      source += 4 * depthStride;
      target += 4 * group;
    }
    for (; left > 0; left--) {
      store<T>(target, load<T>(source));
      source += depthStride;
      target += group;
    }
  }
}

/** `C += A B` of packed factors, `C` row-major with rows `stride` bytes apart. */
function multiplyPacked<T>(
  m: usize,
  n: usize,
  depth: usize,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
): void {
  for (let j: usize = 0; j < n; j += tileColumns<T>()) {
    const columns = min(tileColumns<T>(), n - j);
    const right = b + j * depth * sizeof<T>();
    for (let i: usize = 0; i < m; i += TILE_ROWS) {
      const left = a + i * depth * sizeof<T>();
      const to = c + i * stride + j * sizeof<T>();
      const rows = min(TILE_ROWS, m - i);
      if (rows === TILE_ROWS && columns === tileColumns<T>()) tile<T>(depth, left, right, to, stride);
      else tileEdge<T>(rows, columns, depth, left, right, to, stride);
    }
  }
}

/** Packs the part of the left factor from row `i` and depth `p` on; `lda` is the length of its stored rows. */
function packLeft<T>(
  to: usize,
  a: usize,
  lda: usize,
  transposed: bool,
  i: usize,
  rows: usize,
  p: usize,
  depth: usize,
): void {
  const row = lda * sizeof<T>();
  if (transposed) pack<T>(to, a + p * row + i * sizeof<T>(), rows, depth, TILE_ROWS, sizeof<T>(), row);
  else pack<T>(to, a + i * row + p * sizeof<T>(), rows, depth, TILE_ROWS, row, sizeof<T>());
}

function packRight<T>(
  to: usize,
  b: usize,
  ldb: usize,
  transposed: bool,
  n: usize,
  p: usize,
  depth: usize,
): void {
  const row = ldb * sizeof<T>();
  if (transposed) pack<T>(to, b + p * sizeof<T>(), n, depth, tileColumns<T>(), row, sizeof<T>());
  else pack<T>(to, b + p * row, n, depth, tileColumns<T>(), sizeof<T>(), row);
}

function roundUp(x: usize, to: usize): usize {
  return ((x + to - 1) / to) * to;
}

/** Bytes of a right factor `[k, n]` in panels. */
function rightBytes<T>(n: usize, k: usize): usize {
  return roundUp(n, tileColumns<T>()) * k * sizeof<T>();
}

/** Bytes in which a call of `multiplyRows` packs the left factor. */
function leftBytes<T>(rows: usize, k: usize): usize {
  return min(roundUp(rows, TILE_ROWS), ROWS) * min(k, DEPTH) * sizeof<T>();
}

/**
 * Packs columns `j … j + columns` (`j` a multiple of a tile's) of the right factor `[k, n]`, stored with rows of `ldb`
 * numbers, depth block after depth block.
 */
function packColumns<T>(
  n: usize,
  k: usize,
  j: usize,
  columns: usize,
  b: usize,
  ldb: usize,
  transposed: bool,
  to: usize,
): void {
  const from = b + j * (transposed ? ldb : 1) * sizeof<T>();
  for (let p: usize = 0; p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    const panels = to + (roundUp(n, tileColumns<T>()) * p + j * depth) * sizeof<T>();
    packRight<T>(panels, from, ldb, transposed, columns, p, depth);
  }
}

/**
 * `C += op(A) B` for some rows and the columns `j … j + columns` (`j` a multiple of a tile's) of a packed right factor
 * `[k, n]`; `a` and `c` point to the first of them, `lda` and `ldc` are numbers from one stored row to the next.
 *
 * The sum of an entry runs in the same order however the rows and the columns are cut.
 */
function multiplyRows<T>(
  rows: usize,
  n: usize,
  k: usize,
  a: usize,
  lda: usize,
  transposeA: bool,
  b: usize,
  j: usize,
  columns: usize,
  c: usize,
  ldc: usize,
  work: usize,
): void {
  for (let i: usize = 0; i < rows; i += ROWS) {
    const count = min(ROWS, rows - i);
    for (let p: usize = 0; p < k; p += DEPTH) {
      const depth = min(DEPTH, k - p);
      packLeft<T>(work, a, lda, transposeA, i, count, p, depth);
      const right = b + (roundUp(n, tileColumns<T>()) * p + j * depth) * sizeof<T>();
      multiplyPacked<T>(count, columns, depth, work, right, c + i * ldc * sizeof<T>(), ldc * sizeof<T>());
    }
  }
}

/**
 * Packs rows `i … i + rows` (`i` even) of a row-major `[m, k]` left factor for `multiplyPrepared`, depth block
 * after depth block; `a` points to row `i`.
 */
function prepareLeft<T>(m: usize, k: usize, i: usize, rows: usize, a: usize, to: usize): void {
  for (let p: usize = 0; p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    const panels = to + (roundUp(m, TILE_ROWS) * p + i * depth) * sizeof<T>();
    packLeft<T>(panels, a, k, false, 0, rows, p, depth);
  }
}

/** Rows `i … i + rows` (`i` even) of `C += A B` `[m, n]` with `A` from `prepareLeft` and a packed right factor. */
function multiplyPrepared<T>(
  m: usize,
  n: usize,
  k: usize,
  i: usize,
  rows: usize,
  a: usize,
  b: usize,
  c: usize,
): void {
  for (let p: usize = 0; p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    const right = b + roundUp(n, tileColumns<T>()) * p * sizeof<T>();
    for (let at: usize = i; at < i + rows; at += ROWS) {
      const left = a + (roundUp(m, TILE_ROWS) * p + at * depth) * sizeof<T>();
      const to = c + at * n * sizeof<T>();
      multiplyPacked<T>(min(ROWS, i + rows - at), n, depth, left, right, to, n * sizeof<T>());
    }
  }
}

export function rightBytes64(n: usize, k: usize): usize {
  return rightBytes<f64>(n, k);
}

export function rightBytes32(n: usize, k: usize): usize {
  return rightBytes<f32>(n, k);
}

export function leftBytes64(rows: usize, k: usize): usize {
  return leftBytes<f64>(rows, k);
}

export function leftBytes32(rows: usize, k: usize): usize {
  return leftBytes<f32>(rows, k);
}

export function packColumns64(
  n: usize,
  k: usize,
  j: usize,
  columns: usize,
  b: usize,
  ldb: usize,
  transposed: bool,
  to: usize,
): void {
  packColumns<f64>(n, k, j, columns, b, ldb, transposed, to);
}

export function packColumns32(
  n: usize,
  k: usize,
  j: usize,
  columns: usize,
  b: usize,
  ldb: usize,
  transposed: bool,
  to: usize,
): void {
  packColumns<f32>(n, k, j, columns, b, ldb, transposed, to);
}

export function multiplyRows64(
  rows: usize,
  n: usize,
  k: usize,
  a: usize,
  lda: usize,
  transposeA: bool,
  b: usize,
  j: usize,
  columns: usize,
  c: usize,
  ldc: usize,
  work: usize,
): void {
  multiplyRows<f64>(rows, n, k, a, lda, transposeA, b, j, columns, c, ldc, work);
}

export function multiplyRows32(
  rows: usize,
  n: usize,
  k: usize,
  a: usize,
  lda: usize,
  transposeA: bool,
  b: usize,
  j: usize,
  columns: usize,
  c: usize,
  ldc: usize,
  work: usize,
): void {
  multiplyRows<f32>(rows, n, k, a, lda, transposeA, b, j, columns, c, ldc, work);
}

export function prepareLeft64(m: usize, k: usize, i: usize, rows: usize, a: usize, to: usize): void {
  prepareLeft<f64>(m, k, i, rows, a, to);
}

export function prepareLeft32(m: usize, k: usize, i: usize, rows: usize, a: usize, to: usize): void {
  prepareLeft<f32>(m, k, i, rows, a, to);
}

export function multiplyPrepared64(
  m: usize,
  n: usize,
  k: usize,
  i: usize,
  rows: usize,
  a: usize,
  b: usize,
  c: usize,
): void {
  multiplyPrepared<f64>(m, n, k, i, rows, a, b, c);
}

export function multiplyPrepared32(
  m: usize,
  n: usize,
  k: usize,
  i: usize,
  rows: usize,
  a: usize,
  b: usize,
  c: usize,
): void {
  multiplyPrepared<f32>(m, n, k, i, rows, a, b, c);
}

/** Where the module's own data end and the heap may begin. */
export const staticEnd: usize = __heap_base;
