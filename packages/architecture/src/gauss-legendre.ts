/** A quadrature rule: `∫ f ≈ Σ weights[i] f(nodes[i])`. */
export interface Rule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

const RULES = new Map<number, Rule>();

/** The Gauss–Legendre rule of `n` points on [−1, 1], by Newton's method on the Legendre polynomial. */
export function gaussLegendre(n: number): Rule {
  const known = RULES.get(n);
  if (known) return known;
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let round = 0; round < 8; round++) {
      let [before, value] = [1, x];
      for (let k = 2; k <= n; k++)
        [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (n * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  const rule = { nodes, weights };
  RULES.set(n, rule);
  return rule;
}
