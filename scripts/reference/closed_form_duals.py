"""Writes 50-digit Gaussian moments of activations to packages/architecture/test/fixtures/closed-form-duals.json.

Each pair (u, v) comes from two vectors x, z in the plane: u = a.x, v = a.z with a ~ N(0, I). The formulas are the textbook
ones at 150 digits, with derivatives dT/dc (Price's theorem) by numerical differentiation, so that nothing is shared with
the accurate forms under test. Rows are [T, T', distance, determinant]; null where a number is not representable.
Run: pip install -r requirements.txt; python closed_form_duals.py
"""
import json
import pathlib
from math import comb

from mpmath import asin, atan2, cos, cosh, diff, exp, isfinite, mp, mpf, pi, sin, sinh, sqrt
from provenance import record

mp.dps = 150


def smooth(T):
    """[T, dT/dc] of a T(q, p, c) that is analytic in c."""
    return lambda q, p, c, angle: (T(q, p, c), diff(lambda k: T(q, p, k), c, h=mpf(10) ** -60))


def erf(q, p, c, a=1, b=1, s=0):
    return a * a * 2 / pi * asin(2 * b * b * c / sqrt((1 + 2 * b * b * q) * (1 + 2 * b * b * p))) + s * s


def gelu(q, p, c):
    S = 2 / pi * asin(c / sqrt((1 + q) * (1 + p)))
    root = sqrt((1 + q) * (1 + p) - c * c)
    return (c + c * S + 2 / pi / root * (q * p + c * c * (1 - q * p) / ((1 + q) * (1 + p)))) / 4


def sine(a, b, phase):
    return lambda q, p, c: a * a / 2 * (exp(-b * b * (q + p - 2 * c) / 2) - cos(2 * phase) * exp(-b * b * (q + p + 2 * c) / 2))


def gaussian(a, b):
    return lambda q, p, c: a * a / sqrt((1 + 2 * b * q) * (1 + 2 * b * p) - 4 * b * b * c * c)


def gabor(q, p, c):
    d = q * p - c * c
    N = 1 + 2 * q + 2 * p + 4 * d
    return exp(-(q + p + 4 * d) / (2 * N)) * sinh(c / N) / sqrt(N)


def exponential(a, b):
    return lambda q, p, c: a * a * exp(b * b * (q + p + 2 * c) / 2)


def normalized(g, s):
    return lambda q, p, c: sqrt(q * p) * exp(g * (c / sqrt(q * p) + s))


def wick(i, j, q, p, c):
    """E u^i v^j, by Isserlis: k cross pairs."""
    odd = lambda n: mpf(1) if n <= 0 else n * odd(n - 2)
    total = mpf(0)
    for k in range(min(i, j) + 1):
        if (i - k) % 2 or (j - k) % 2:
            continue
        factorial = mpf(1)
        for m in range(1, k + 1):
            factorial *= m
        total += comb(i, k) * comb(j, k) * factorial * odd(i - k - 1) * odd(j - k - 1) * q ** ((i - k) // 2) * p ** ((j - k) // 2) * c**k
    return total


def polynomial(a):
    return lambda q, p, c: sum((x * y * wick(i, j, q, p, c) for i, x in enumerate(a) for j, y in enumerate(a)), mpf(0))


def J(k, t):
    s, c = sin(t), cos(t)
    return [pi - t, s + (pi - t) * c, 3 * s * c + (pi - t) * (1 + 2 * c * c), 15 * s - 11 * s**3 + (pi - t) * (9 * c + 6 * c**3)][k]


def rectified(k):
    return lambda q, p, c, t: ((q * p) ** (mpf(k) / 2) * J(k, t) / (2 * pi), k * k * (q * p) ** (mpf(k - 1) / 2) * J(k - 1, t) / (2 * pi))


def ab(a, b):
    def dual(q, p, c, t):
        R, r = rectified(1)(q, p, c, t), rectified(1)(q, p, -c, pi - t)
        return (a * a + b * b) * R[0] - 2 * a * b * r[0], (a * a + b * b) * R[1] + 2 * a * b * r[1]
    return dual


h = mpf(1) / 2
ACTIVATIONS = {
    "leakyRelu(0.125)": ab(mpf(1) / 8, 1),
    "absolute": ab(-1, 1),
    "abRelu(-0.5, 2)": ab(-h, 2),
    "sign": lambda q, p, c, t: (1 - 2 * t / pi, mpf(0)),
    "step": lambda q, p, c, t: ((pi - t) / (2 * pi), mpf(0)),
    "erf": smooth(erf),
    "erfWith(0.5, 0.75, 0.25)": smooth(lambda q, p, c: erf(q, p, c, h, 3 * h / 2, h / 2)),
    "gelu": smooth(gelu),
    "sine": smooth(sine(1, 1, 0)),
    "sine(1.5, 0.75, 0.25)": smooth(sine(3 * h, 3 * h / 2, h / 2)),
    "cosine": smooth(sine(1, 1, pi / 2)),
    "rbf(0.5)": smooth(sine(sqrt(mpf(2)), 1, pi / 4)),
    "gaussian": smooth(gaussian(1, 1)),
    "gaussian(2, 0.25)": smooth(gaussian(2, h / 2)),
    "gabor": smooth(gabor),
    "exponential(1, 0.5)": smooth(exponential(1, h)),
    "normalizedExponential(0.75, -1)": smooth(normalized(3 * h / 2, -1)),
    "polynomial(0.5, -1, 0.25, 0.125)": smooth(polynomial([h, -1, h / 2, h / 4])),
    "monomial(3)": smooth(polynomial([0, 0, 0, 1])),
    "hermite(2)": smooth(polynomial([-1 / sqrt(mpf(2)), 0, 1 / sqrt(mpf(2))])),
    "rectifiedMonomial(2)": rectified(2),
    "rectifiedMonomial(3)": rectified(3),
}

POINTS = [(1.0, 0.0), (0.6, 0.8), (-1.0, 0.0), (0.0, 2.0), (3.0, -4.0), (1e6, 1e6), (1e-6, 2e-6), (0.25, -1.5)]
NUDGES = [(1e-8, 0.0), (0.0, 1e-8), (1e-4, -1e-4)]
pairs = [(x, z) for i, x in enumerate(POINTS) for z in POINTS[: i + 1]]
pairs += [(x, (x[0] + d[0] * abs(x[0] or 1), x[1] + d[1] * abs(x[1] or 1))) for x in POINTS for d in NUDGES]
pairs += [(x, (-x[0] + d[0] * abs(x[0] or 1), -x[1] + d[1] * abs(x[1] or 1))) for x in POINTS for d in NUDGES]


def number(v):
    v = mp.re(v)
    return float(v) if isfinite(v) and abs(v) < mpf(10) ** 300 else None


def moments(dual, q, p, c, t):
    a, b = dual(q, q, q, mpf(0))[0], dual(p, p, p, mpf(0))[0]
    T, S = dual(q, p, c, t)
    clean = lambda v, scale: mpf(0) if abs(v) < scale * mpf(10) ** -135 else v
    return [clean(T, sqrt(abs(a * b))), clean(S, 1 + abs(dual(q, q, q, mpf(0))[1])) if S != 0 else S, clean(a + b - 2 * T, a + b), clean(a * b - T * T, a * b)]


def main():
    out = {"mpmath": "1.3.0", "pairs": [], "activations": {name: [] for name in ACTIVATIONS}}
    for x, z in pairs:
        u, v = [mpf(c) for c in x], [mpf(c) for c in z]
        q, p, c = u[0] ** 2 + u[1] ** 2, v[0] ** 2 + v[1] ** 2, u[0] * v[0] + u[1] * v[1]
        t = abs(atan2(u[0] * v[1] - u[1] * v[0], c))
        out["pairs"].append([float(w) for w in (q, p, c, (u[0] - v[0]) ** 2 + (u[1] - v[1]) ** 2, (u[0] * v[1] - u[1] * v[0]) ** 2)])
        for name, dual in ACTIVATIONS.items():
            # Beyond this the textbook forms of exponentials need more digits than there are.
            wild = name.startswith("exponential") and max(q, p) > 1e3
            out["activations"][name].append(None if wild else [number(w) for w in moments(dual, q, p, c, t)])

    target = pathlib.Path(__file__).parents[2] / "packages/architecture/test/fixtures/closed-form-duals.json"
    target.write_text(json.dumps(out, separators=(",", ":")).replace('],"', '],\n"') + "\n")
    record(__file__, target, packages=["mpmath"])


if __name__ == "__main__":
    main()
