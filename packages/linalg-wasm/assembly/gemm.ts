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

/** Bytes that `gemm` needs for packed panels. */
function workspace<T>(m: usize, n: usize, k: usize): usize {
  const left = min(roundUp(m, TILE_ROWS), ROWS);
  const right = roundUp(n, tileColumns<T>());
  return (left + right) * min(k, DEPTH) * sizeof<T>();
}

function roundUp(x: usize, to: usize): usize {
  return ((x + to - 1) / to) * to;
}

/** `C += op(A) op(B)`, row-major, with `lda`, `ldb` and `ldc` numbers from one stored row to the next. */
function gemm<T>(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  lda: usize,
  transposeA: bool,
  b: usize,
  ldb: usize,
  transposeB: bool,
  c: usize,
  ldc: usize,
  work: usize,
): void {
  const left = work + roundUp(n, tileColumns<T>()) * min(k, DEPTH) * sizeof<T>();
  for (let p: usize = 0; p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    packRight<T>(work, b, ldb, transposeB, n, p, depth);
    for (let i: usize = 0; i < m; i += ROWS) {
      const rows = min(ROWS, m - i);
      packLeft<T>(left, a, lda, transposeA, i, rows, p, depth);
      multiplyPacked<T>(rows, n, depth, left, work, c + i * ldc * sizeof<T>(), ldc * sizeof<T>());
    }
  }
}

/**
 * Packs rows `i … i + rows` (`i` even) of a row-major `[m, k]` left factor for `gemmPrepared`, depth block
 * after depth block; `a` points to row `i`.
 */
function prepareLeft<T>(m: usize, k: usize, i: usize, rows: usize, a: usize, to: usize): void {
  for (let p: usize = 0; p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    const panels = to + (roundUp(m, TILE_ROWS) * p + i * depth) * sizeof<T>();
    packLeft<T>(panels, a, k, false, 0, rows, p, depth);
  }
}

/** `C += A B` with `A` from `prepareLeft`. */
function gemmPrepared<T>(m: usize, n: usize, k: usize, a: usize, b: usize, c: usize, work: usize): void {
  for (let p: usize = 0; p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    packRight<T>(work, b, n, false, n, p, depth);
    const left = a + roundUp(m, TILE_ROWS) * p * sizeof<T>();
    for (let i: usize = 0; i < m; i += ROWS) {
      const to = c + i * n * sizeof<T>();
      multiplyPacked<T>(
        min(ROWS, m - i),
        n,
        depth,
        left + i * depth * sizeof<T>(),
        work,
        to,
        n * sizeof<T>(),
      );
    }
  }
}

export function gemmWorkspace64(m: usize, n: usize, k: usize): usize {
  return workspace<f64>(m, n, k);
}

export function gemmWorkspace32(m: usize, n: usize, k: usize): usize {
  return workspace<f32>(m, n, k);
}

export function gemm64(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  lda: usize,
  transposeA: bool,
  b: usize,
  ldb: usize,
  transposeB: bool,
  c: usize,
  ldc: usize,
  work: usize,
): void {
  gemm<f64>(m, n, k, a, lda, transposeA, b, ldb, transposeB, c, ldc, work);
}

export function gemm32(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  lda: usize,
  transposeA: bool,
  b: usize,
  ldb: usize,
  transposeB: bool,
  c: usize,
  ldc: usize,
  work: usize,
): void {
  gemm<f32>(m, n, k, a, lda, transposeA, b, ldb, transposeB, c, ldc, work);
}

export function prepareLeft64(m: usize, k: usize, i: usize, rows: usize, a: usize, to: usize): void {
  prepareLeft<f64>(m, k, i, rows, a, to);
}

export function prepareLeft32(m: usize, k: usize, i: usize, rows: usize, a: usize, to: usize): void {
  prepareLeft<f32>(m, k, i, rows, a, to);
}

export function gemmPrepared64(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  b: usize,
  c: usize,
  work: usize,
): void {
  gemmPrepared<f64>(m, n, k, a, b, c, work);
}

export function gemmPrepared32(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  b: usize,
  c: usize,
  work: usize,
): void {
  gemmPrepared<f32>(m, n, k, a, b, c, work);
}

/** Where the module's own data end and the heap may begin. */
export const staticEnd: usize = __heap_base;
