import { type Backend, ndarrayBackend, type Tensor } from '@sntk/linalg';

/** A device that is none: float32 on the plain backend, without what only CPU backends have, and counted. */
export interface StandInDevice {
  readonly backend: Backend;
  /** How often entries have been read. */
  reads(): number;
  /** Tensors that have been made and not given back. */
  live(): number;
}

/** Stands in for a device in tests of what must not leave one and must not leak. */
export function standInDevice(): StandInDevice {
  const plain = ndarrayBackend();
  let reads = 0;
  const held = new Set<Tensor>();
  /** Tensors made since the innermost scope began. */
  let made: Tensor[] = [];

  const wrap = (storage: Tensor): Tensor => {
    const t: Tensor = {
      backend,
      shape: storage.shape,
      dtype: 'float32',
      storage,
      read() {
        reads++;
        return of(t).read();
      },
      dispose: () => void held.delete(t),
    };
    held.add(t);
    made.push(t);
    return t;
  };
  const of = (t: Tensor): Tensor => {
    if (!held.has(t)) throw new Error('the tensor has been disposed of');
    return t.storage as Tensor;
  };

  const backend: Backend = {
    name: 'stand-in',
    device: 'gpu',
    dtypes: ['float32'],
    tolerance: { float32: 1e-5 },
    upload: (data, shape) => wrap(plain.upload(Float32Array.from(data), shape)),
    matmul: (a, b, flags) => wrap(plain.matmul(of(a), of(b), flags)),
    unary: (op, a) => wrap(plain.unary(op, of(a))),
    binary: (op, a, b) => wrap(plain.binary(op, of(a), of(b))),
    reduce: (op, a, axis) => wrap(plain.reduce(op, of(a), axis)),
    transpose: (a) => wrap(plain.transpose(of(a))),
    reshape: (a, shape) => wrap(plain.reshape(of(a), shape)),
    scope(compute) {
      const outside = made;
      made = [];
      let kept: readonly Tensor[] = [];
      try {
        kept = compute();
      } finally {
        for (const t of made) if (!kept.includes(t)) t.dispose();
        made = [...outside, ...kept];
      }
    },
  };
  return { backend, reads: () => reads, live: () => held.size };
}
