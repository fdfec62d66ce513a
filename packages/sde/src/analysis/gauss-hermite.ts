/** Nodes and weights for the expectation of a function of a standard normal. */
export interface QuadratureRule {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/** Gauss–Hermite quadrature with `n` nodes, exact for polynomials of degree below 2n, by Newton's method with deflation. */
export function gaussHermite(n: number): QuadratureRule {
  // Orthonormal Hermite polynomials: √(k+1) p_{k+1} = x p_k − √k p_{k−1}, and p_n' = √n p_{n−1}.
  const evaluate = (x: number): [number, number] => {
    let previous = 0;
    let current = 1;
    for (let k = 0; k < n; k++) {
      [previous, current] = [current, (x * current - Math.sqrt(k) * previous) / Math.sqrt(k + 1)];
    }
    return [current, previous];
  };
  const nodes: number[] = [];
  for (let i = 0; i < n; i++) {
    let x = (i === 0 ? 2 * Math.sqrt(n) : nodes[i - 1]) + 0.01;
    for (let iteration = 0; iteration < 200; iteration++) {
      const [p, q] = evaluate(x);
      const deflated = nodes.reduce((sum, node) => sum + 1 / (x - node), 0);
      x -= 1 / ((Math.sqrt(n) * q) / p - deflated || Number.POSITIVE_INFINITY);
    }
    nodes.push(x);
  }
  return { nodes, weights: nodes.map((x) => 1 / (n * evaluate(x)[1] ** 2)) };
}
