"""Writes derivatives of NNGP and NTK to packages/kernels/test/fixtures/gradients.json, by differences at 200 digits.

The textbook recursion with variances of their own in every layer. For each pair: derivatives by shared w, shared b, the
first layer's w, the last layer's b; then by both coordinates of x and of z. Rows are the lower triangle with the
diagonal, where points that are equal are null by their coordinates (a kink has no derivative there).
Run: pip install -r requirements.txt; python kernel_gradients.py
"""
import json
import pathlib

from kernel_recursions import erf, gelu, leaky, relu
from mpmath import mpf
from provenance import record

H = mpf(10) ** -60
X = [[0.0, 0.0], [1.0, 0.0], [1.0, 1e-8], [-1.0, 1e-8], [0.5, 1.25], [0.5, 1.25], [1.0, 1e-4], [30.0, -60.0]]
SETTINGS = {"relu": (relu, 2.0), "leakyRelu(0.125)": (leaky, 2.0), "erf": (erf, 1.5), "gelu": (gelu, 1.5)}


def kernels(T, w, b, x, z):
    """Of variances w[l], b[l] for each dense layer."""
    inner = lambda u, v: w[0] * (u[0] * v[0] + u[1] * v[1]) / 2 + b[0]
    q, p, c = inner(x, x), inner(z, z), inner(x, z)
    theta = c
    for wl, bl in zip(w[1:], b[1:]):
        t, s = T(q, p, c)
        q, p, c = wl * T(q, q, q)[0] + bl, wl * T(p, p, p)[0] + bl, wl * t + bl
        theta = c + wl * s * theta
    return c, theta


def slope(f):
    (a, b), (c, d) = f(H), f(-H)
    return [float((a - c) / (2 * H)), float((b - d) / (2 * H))]


def row(T, w, b, depth, x, z, equal):
    W, B = [mpf(w)] * (depth + 1), [mpf(b)] * (depth + 1)
    k = lambda w=W, b=B, x=x, z=z: kernels(T, w, b, x, z)
    moved = lambda v, h, at: [e + h if at is None or i == at else e for i, e in enumerate(v)]
    scales = [slope(lambda h: k(w=moved(W, h, None))), slope(lambda h: k(b=moved(B, h, None))), slope(lambda h: k(w=moved(W, h, 0))), slope(lambda h: k(b=moved(B, h, depth)))]
    if equal:
        return {"scales": scales, "points": None}
    return {"scales": scales, "points": [slope(lambda h: k(x=moved(x, h, i))) for i in (0, 1)] + [slope(lambda h: k(z=moved(z, h, i))) for i in (0, 1)]}


def main():
    rows = []
    for name, (T, w) in SETTINGS.items():
        for b in (0.0, 0.25):
            points = X[1:] if b == 0 else X
            exact = [[mpf(v) for v in x] for x in points]
            for depth in (1, 3, 8):
                pairs = [row(T, w, b, depth, exact[i], exact[j], points[i] == points[j]) for i in range(len(points)) for j in range(i + 1)]
                rows.append({"activation": name, "w": w, "b": b, "depth": depth, "pairs": pairs})
    target = pathlib.Path(__file__).parents[2] / "packages/kernels/test/fixtures/gradients.json"
    target.write_text(json.dumps({"mpmath": "1.3.0", "X": X, "rows": rows}, separators=(",", ":")).replace('{"activation"', '\n{"activation"') + "\n")
    record(__file__, target, packages=["mpmath"])


if __name__ == "__main__":
    main()
