import { ArgumentError, checkChoice, UnavailableError } from '@sntk/errors';
import {
  type Backend,
  BINARY_OPS,
  type BinaryOp,
  type MatmulFlags,
  type PreparedMatrix,
  REDUCE_OPS,
  type ReduceOp,
  UNARY_OPS,
  type UnaryOp,
} from './backend.ts';
import { tensor } from './create.ts';
import { broadcastShape } from './elementwise.ts';
import { checkBytes, checkShape } from './shape.ts';
import { type FloatArray, showShape, sizeOf, type Tensor } from './tensor.ts';

/**
 * The product `op(a) op(b)` of two matrices, each taken as it is or transposed.
 *
 * @throws ArgumentError when shapes do not fit (both are named) or the tensors are of two backends or dtypes.
 * @example
 * ```ts
 * import { matmul, ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 *
 * const X = tensor([[1, 2], [3, 4], [5, 6]], { backend: ndarrayBackend() });
 * console.log(toArray(matmul(X, X, { transposeA: true }))); // Float64Array [35, 44, 44, 56]
 * ```
 */
export function matmul(a: Tensor, b: Tensor, flags: MatmulFlags = {}): Tensor {
  checkTogether('matmul', a, b);
  checkRank('matmul', 'a', a, 2);
  checkRank('matmul', 'b', b, 2);
  const inner = flags.transposeA ? a.shape[0] : a.shape[1];
  const other = flags.transposeB ? b.shape[1] : b.shape[0];
  if (inner !== other) {
    const name = (t: Tensor, flag: boolean | undefined) => `${showShape(t.shape)}${flag ? 'ᵀ' : ''}`;
    throw new ArgumentError({
      where: 'matmul',
      argument: 'b',
      wanted: `a matrix that ${name(a, flags.transposeA)} can be multiplied by`,
      got: name(b, flags.transposeB),
    });
  }
  const rows = flags.transposeA ? a.shape[1] : a.shape[0];
  checkBytes('matmul', 'the product', [rows, flags.transposeB ? b.shape[0] : b.shape[1]], a.dtype);
  return a.backend.matmul(a, b, flags);
}

/** Applies an elementwise function by name. As in IEEE arithmetic, `log` and `sqrt` of a negative number are NaN. */
export function unary(op: UnaryOp, a: Tensor): Tensor {
  checkChoice('unary', 'op', op, UNARY_OPS);
  checkTensor('unary', 'a', a);
  return a.backend.unary(op, a);
}

/** Applies an elementwise function of two tensors, or a tensor and a number, by name; extents of 1 broadcast as in NumPy. */
export function binary(op: BinaryOp, a: Tensor, b: Tensor | number): Tensor {
  checkChoice('binary', 'op', op, BINARY_OPS);
  checkTensor(op, 'a', a);
  if (typeof b === 'number') {
    const scalar = tensor([b], { backend: a.backend, shape: a.shape.map(() => 1), dtype: a.dtype });
    try {
      return binary(op, a, scalar);
    } finally {
      // On a device nobody else gives its memory back.
      scalar.dispose();
    }
  }
  checkTogether(op, a, b);
  const shape = broadcastShape(a.shape, b.shape);
  if (!shape) {
    throw new ArgumentError({
      where: op,
      argument: 'b',
      wanted: `a shape that broadcasts with ${showShape(a.shape)}`,
      got: showShape(b.shape),
    });
  }
  checkBytes(op, 'the result', shape, a.dtype);
  return a.backend.binary(op, a, b);
}

/**
 * `a + b`, entry by entry, with broadcasting.
 *
 * @example
 * ```ts
 * import { add, ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 *
 * const backend = ndarrayBackend();
 * const row = tensor([[1, 2]], { backend });
 * const column = tensor([[10], [20]], { backend });
 * console.log(toArray(add(row, column))); // Float64Array [11, 12, 21, 22]
 * ```
 */
export function add(a: Tensor, b: Tensor | number): Tensor {
  return binary('add', a, b);
}

/** `a − b`, entry by entry, with broadcasting. */
export function sub(a: Tensor, b: Tensor | number): Tensor {
  return binary('sub', a, b);
}

/** `a · b`, entry by entry, with broadcasting; the product of matrices is `matmul`. */
export function mul(a: Tensor, b: Tensor | number): Tensor {
  return binary('mul', a, b);
}

/**
 * Sum, maximum or minimum over one axis, which is kept with extent 1.
 *
 * @throws ArgumentError for an axis the tensor does not have, and for the maximum or minimum of nothing.
 * @example
 * ```ts
 * import { ndarrayBackend, reduce, tensor, toArray } from '@sntk/linalg';
 *
 * const X = tensor([[1, 2], [3, 4]], { backend: ndarrayBackend() });
 * console.log(toArray(reduce('sum', X, 1))); // Float64Array [3, 7]
 * ```
 */
export function reduce(op: ReduceOp, a: Tensor, axis: number): Tensor {
  checkChoice('reduce', 'op', op, REDUCE_OPS);
  checkTensor('reduce', 'a', a);
  if (!Number.isInteger(axis) || axis < 0 || axis >= a.shape.length) {
    throw new ArgumentError({
      where: 'reduce',
      argument: 'axis',
      wanted: `an axis of ${showShape(a.shape)}`,
      got: axis,
    });
  }
  if (op !== 'sum' && a.shape[axis] === 0) {
    throw new ArgumentError({
      where: 'reduce',
      argument: 'a',
      wanted: `an axis ${axis} that is not empty, for ${op}`,
      got: showShape(a.shape),
    });
  }
  return a.backend.reduce(op, a, axis);
}

/** The transpose of a matrix, as a tensor of its own. */
export function transpose(a: Tensor): Tensor {
  checkRank('transpose', 'a', a, 2);
  return a.backend.transpose(a);
}

/** The same entries in row-major order under another shape. */
export function reshape(a: Tensor, shape: readonly number[]): Tensor {
  checkTensor('reshape', 'a', a);
  const own = checkShape('reshape', 'shape', shape);
  if (sizeOf(shape) !== sizeOf(a.shape)) {
    throw new ArgumentError({
      where: 'reshape',
      argument: 'shape',
      wanted: `a shape of as many entries as ${showShape(a.shape)}`,
      got: showShape(shape),
    });
  }
  return a.backend.reshape(a, own);
}

/**
 * Keeps a matrix in the form its backend multiplies fastest, for products in a loop; `dispose` gives the memory back.
 * On a device `a` itself is used: do not dispose of it before.
 *
 * @example
 * ```ts
 * import { ndarrayBackend, prepare, tensor, toArray } from '@sntk/linalg';
 *
 * const backend = ndarrayBackend();
 * const K = prepare(tensor([[2, 1], [1, 2]], { backend }));
 * let x = tensor([[1], [0]], { backend });
 * for (let step = 0; step < 3; step++) x = K.times(x);
 * K.dispose();
 * console.log(toArray(x)); // Float64Array [14, 13]
 * ```
 */
export function prepare(a: Tensor): PreparedMatrix {
  checkRank('prepare', 'a', a, 2);
  const resident = a.backend.prepare?.(a);
  let disposed = false;
  const checkThere = (where: string): void => {
    if (disposed) throw new UnavailableError(where, 'the prepared matrix has been disposed of');
  };
  return {
    shape: [a.shape[0], a.shape[1]],
    times(x: Tensor): Tensor {
      checkThere('prepare(a).times');
      checkTogether('prepare(a).times', a, x, 'x');
      checkRank('prepare(a).times', 'x', x, 2);
      if (x.shape[0] !== a.shape[1]) {
        throw new ArgumentError({
          where: 'prepare(a).times',
          argument: 'x',
          wanted: `a matrix that ${showShape(a.shape)} can be multiplied by`,
          got: showShape(x.shape),
        });
      }
      checkBytes('prepare(a).times', 'the product', [a.shape[0], x.shape[1]], a.dtype);
      return resident ? resident.times(x) : a.backend.matmul(a, x, {});
    },
    into(x: FloatArray, out: FloatArray): void {
      const where = 'prepare(a).into';
      checkThere(where);
      const [m, k] = a.shape;
      const like = toArray(a).constructor;
      if (x.constructor !== like || out.constructor !== like || x.length * m !== out.length * k) {
        throw new ArgumentError({
          where,
          argument: 'out',
          wanted: `${a.dtype} entries [${m}, p], and x [${k}, p]`,
          got: `${out.length} beside x of ${x.length}, ${out.constructor.name} and ${x.constructor.name}`,
        });
      }
      if (resident) resident.into(x, out);
      else
        out.set(
          toArray(a.backend.matmul(a, tensor(x, { backend: a.backend, shape: [k, x.length / k] }), {})),
        );
    },
    dispose(): void {
      if (!disposed) resident?.dispose();
      disposed = true;
    },
  };
}

/**
 * The entries of a CPU tensor, row-major. This is the tensor's own storage: copy it before changing it.
 *
 * @throws UnavailableError for a tensor on a device; `await tensor.read()` works for all.
 */
export function toArray(a: Tensor): FloatArray {
  checkTensor('toArray', 'a', a);
  if (!a.backend.readSync) {
    throw new UnavailableError(
      'toArray',
      `backend ${a.backend.name} gives its entries only by await tensor.read()`,
    );
  }
  return a.backend.readSync(a);
}

/** The entries of a CPU tensor as float64: the storage itself when it is float64, a copy otherwise. */
export function toFloat64(a: Tensor): Float64Array {
  const entries = toArray(a);
  return entries instanceof Float64Array ? entries : new Float64Array(entries);
}

/** Throws for what is no tensor: nested arrays and ndarrays, that are given in its place. */
function checkTensor(where: string, argument: string, a: unknown): void {
  if (typeof a === 'object' && a !== null && 'backend' in a && 'shape' in a) return;
  throw new ArgumentError({
    where,
    argument,
    wanted: 'a tensor',
    got: a,
    fix: 'make one with tensor(data, { backend })',
  });
}

/** Throws unless two tensors live on one backend with one dtype. */
export function checkTogether(where: string, a: Tensor, b: Tensor, argument = 'b'): void {
  checkTensor(where, 'a', a);
  checkTensor(where, argument, b);
  if (a.backend !== b.backend || a.dtype !== b.dtype) {
    throw new ArgumentError({
      where,
      argument,
      wanted: `on backend ${a.backend.name} (${a.dtype}) like a`,
      got: `${nameBeside(b.backend, a.backend)} (${b.dtype})`,
      fix: 'build both with the same { backend, dtype }',
    });
  }
}

/** A backend's name in a message that names `other` too: of two with one name it says that they are two. */
export function nameBeside(backend: Backend, other: Backend): string {
  return backend !== other && backend.name === other.name ? `another ${backend.name}` : backend.name;
}

/** Throws unless a tensor lives on `backend`, that of the argument `like`. */
export function checkOn(where: string, argument: string, a: Tensor, backend: Backend, like = 'A'): void {
  checkTensor(where, argument, a);
  if (a.backend !== backend) {
    throw new ArgumentError({
      where,
      argument,
      wanted: `on backend ${backend.name} like ${like}`,
      got: nameBeside(a.backend, backend),
      fix: `move it with await toBackend(${argument}, ${like}.backend)`,
    });
  }
}

/** Throws unless a tensor has `rank` dimensions. */
export function checkRank(where: string, argument: string, a: Tensor, rank: number): void {
  checkTensor(where, argument, a);
  if (a.shape.length !== rank) {
    throw new ArgumentError({
      where,
      argument,
      wanted: rank === 2 ? 'a matrix' : `of ${rank} dimensions`,
      got: showShape(a.shape),
    });
  }
}
