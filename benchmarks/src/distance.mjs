/** Relative Frobenius distance of all arrays, the worst of them. */
export function distance(a, b) {
  return Math.max(
    ...Object.keys(b).map((name) => {
      if (a[name]?.length !== b[name].length) return Number.POSITIVE_INFINITY;
      let gap = 0;
      let size = 0;
      b[name].forEach((value, i) => {
        gap += (a[name][i] - value) ** 2;
        size += value * value;
      });
      return Math.sqrt(gap / size);
    }),
  );
}
