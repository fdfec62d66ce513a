"""Writes 50-digit NNGP and NTK recursions to packages/kernels/test/fixtures/recursions.json.

The textbook recursion at 200 digits, over inputs that include a zero vector, identical, opposite, nearly equal and huge ones.
Rows are the lower triangle with the diagonal. Run: pip install -r requirements.txt; python kernel_recursions.py
"""
import json
import pathlib

from mpmath import acos, asin, cos, mp, mpf, pi, sin, sqrt
from provenance import record

mp.dps = 200


def angle(q, p, c):
    return acos(max(mpf(-1), min(mpf(1), c / sqrt(q * p)))) if q * p > 0 else pi / 2


def relu(q, p, c):
    t = angle(q, p, c)
    return sqrt(q * p) * (sin(t) + (pi - t) * cos(t)) / (2 * pi), (pi - t) / (2 * pi)


def leaky(q, p, c):
    a = mpf(1) / 8
    (T, S), (t, s) = relu(q, p, c), relu(q, p, -c)
    return (1 + a * a) * T - 2 * a * t, (1 + a * a) * S + 2 * a * s


def erf(q, p, c):
    norm = (1 + 2 * q) * (1 + 2 * p)
    return 2 / pi * asin(2 * c / sqrt(norm)), 4 / pi / sqrt(norm - 4 * c * c)


def gelu(q, p, c):
    both = (1 + q) * (1 + p)
    D = both - c * c
    S = 2 / pi * asin(c / sqrt(both))
    T = (c + c * S + 2 / pi / sqrt(D) * (q * p + c * c * (1 - q * p) / both)) / 4
    return T, (1 + S + 2 / pi * c / sqrt(D) * (3 + q + p + c * c / D) / both) / 4


X = [[0.0, 0.0], [1.0, 0.0], [1.0, 1e-8], [-1.0, 0.0], [-1.0, 1e-8], [0.5, 1.25], [0.5, 1.25], [1e6, -2e6], [1e6, -2e6 + 0.02], [0.0, 1e-3]]
SETTINGS = {"relu": (relu, 2), "leakyRelu(0.125)": (leaky, 2), "erf": (erf, mpf(3) / 2), "gelu": (gelu, mpf(3) / 2)}
DEPTHS = [1, 3, 10, 50]


def pair(T, w, b, x, z):
    inner = lambda u, v: w * (u[0] * v[0] + u[1] * v[1]) / 2 + b
    q, p, c = inner(x, x), inner(z, z), inner(x, z)
    theta, out = c, {}
    for layer in range(1, DEPTHS[-1] + 1):
        t, s = T(q, p, c)
        q, p, c = w * T(q, q, q)[0] + b, w * T(p, p, p)[0] + b, w * t + b
        theta = c + w * s * theta
        if layer in DEPTHS:
            out[layer] = tuple(0.0 if abs(v) < mpf(10) ** -90 else float(v) for v in (c, theta))
    return out


def main():
    rows = []
    for name, (T, w) in SETTINGS.items():
        for b in (0, 0.25):
            exact = [[mpf(v) for v in x] for x in X]
            found = [pair(T, mpf(w), mpf(b), exact[i], exact[j]) for i in range(len(X)) for j in range(i + 1)]
            for depth in DEPTHS:
                rows.append({"activation": name, "w": float(w), "b": b, "depth": depth, "nngp": [f[depth][0] for f in found], "ntk": [f[depth][1] for f in found]})

    target = pathlib.Path(__file__).parents[2] / "packages/kernels/test/fixtures/recursions.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"mpmath": "1.3.0", "X": X, "rows": rows}, separators=(",", ":")).replace('{"activation"', '\n{"activation"') + "\n")
    record(__file__, target, packages=["mpmath"])


if __name__ == "__main__":
    main()
