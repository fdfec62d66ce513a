"""Writes the best rational approximation of e^z on z <= 0 and 50-digit flows to packages/dynamics/test/fixtures/rational-exponential.json.

Remez's exchange for type (16, 16) in x, z = 9 (x - 1)/(x + 1), from degree 1 up: the points of extremal error of one degree, interpolated, are
where the next one starts. About half a minute. Run: pip install -r requirements.txt; python rational_exponential.py
"""
import json
import pathlib

from mpmath import cos, eigsy, exp, expm1, fsum, im, lu_solve, matrix, mp, mpf, pi, polyroots, re
from provenance import record

mp.dps = 90
SCALE, DEGREE = 9, 16


def exponential(x):
    return mpf(0) if x == -1 else exp(SCALE * (x - 1) / (x + 1))


def chebyshev(x, n):
    values = [mpf(1), x]
    while len(values) <= n:
        values.append(2 * x * values[-1] - values[-2])
    return values[: n + 1]


def series(coefficients, x):
    return fsum(c * t for c, t in zip(coefficients, chebyshev(x, len(coefficients) - 1)))


def level(xs, n):
    """p, q and E with p - f q = (+-)E q at the points, by Newton's method."""
    size = 2 * n + 2
    f, basis = [exponential(x) for x in xs], [chebyshev(x, n) for x in xs]
    q, error = [mpf(1)] + [mpf(0)] * n, mpf(0)
    while True:
        A, b = matrix(size, size), matrix(size, 1)
        for i in range(size):
            sign = 1 if i % 2 == 0 else -1
            target = f[i] + sign * error
            for j in range(n + 1):
                A[i, j] = basis[i][j]
                if j > 0:
                    A[i, n + j] = -target * basis[i][j]
            at = fsum(c * t for c, t in zip(q, basis[i]))
            A[i, size - 1] = -sign * at
            b[i] = target - sign * error * at
        solution = list(lu_solve(A, b))
        before, error = error, solution[-1]
        p, q = solution[: n + 1], [mpf(1)] + solution[n + 1 : -1]
        if abs(error - before) < abs(error) * mpf(10) ** -50:
            return p, q, error


def climb(error, t, step):
    """The local maximum of |error| next to t: uphill, then parabolas through ever closer points."""
    sign = 1 if error(t) > 0 else -1
    height = lambda u: sign * error(u)
    while height(t + step) > height(t) or height(t - step) > height(t):
        t += step if height(t + step) > height(t - step) else -step
    for _ in range(5):
        left, here, right = height(t - step), height(t), height(t + step)
        t, step = t + step * (left - right) / (2 * (left - 2 * here + right)), step / 100
    return t


def best(angles, n):
    while True:
        xs = [mpf(1)] + [cos(t) for t in angles[1:-1]] + [mpf(-1)]
        p, q, size = level(xs, n)
        error = lambda t: exponential(cos(t)) - series(p, cos(t)) / series(q, cos(t))
        inner = range(1, len(angles) - 1)
        gap = lambda i: min(angles[i] - angles[i - 1], angles[i + 1] - angles[i])
        angles = [mpf(0)] + [climb(error, angles[i], gap(i) / 50) for i in inner] + [pi]
        largest = max(abs(error(angles[i])) for i in inner)
        if largest < abs(size) * (1 + mpf(10) ** -30):
            return angles, p, q


def stretched(angles, count):
    """Angles at `count` places, linear between those that are given."""
    places = [mpf(i) * (len(angles) - 1) / (count - 1) for i in range(count)]
    floor = [min(int(u), len(angles) - 2) for u in places]
    return [angles[i] + (u - i) * (angles[i + 1] - angles[i]) for u, i in zip(places, floor)]


angles = [pi * i / 3 for i in range(4)]
for n in range(1, DEGREE + 1):
    angles, p, q = best(stretched(angles, 2 * n + 2), n)


def powers(coefficients):
    """Chebyshev series to coefficients of powers, highest first."""
    rows = [[mpf(1)], [mpf(0), mpf(1)]]
    for _ in coefficients[2:]:
        rows.append([2 * c - d for c, d in zip([mpf(0)] + rows[-1], rows[-2] + [mpf(0), mpf(0)])])
    return [fsum(c * row[k] for c, row in zip(coefficients, rows) if k < len(row)) for k in reversed(range(len(rows)))]


polynomial = lambda coefficients, x: fsum(c * x**k for k, c in enumerate(reversed(coefficients)))
p, q = powers(p), powers(q)
slope = [c * k for c, k in zip(q, range(DEGREE, 0, -1))]
poles = []
for x in polyroots(q, maxsteps=500, extraprec=400):
    if im(x) > 0:
        z, dz = SCALE * (x - 1) / (x + 1), 2 * SCALE / (x + 1) ** 2
        poles.append((z, polynomial(p, x) / polynomial(slope, x) * dz))
poles.sort(key=lambda pole: im(pole[0]))
assert len(poles) == DEGREE // 2
constant = polynomial(p, mpf(-1)) / polynomial(q, mpf(-1))

points = [0.0] + [-(10.0 ** (k / 8)) for k in range(-96, 97)] + [-k / 4 for k in range(1, 161)]
values = [{"z": z, "exp": float(exp(z)), "phi1": float(expm1(z) / z) if z else 1.0} for z in map(mpf, points)]
for row in values:
    row["z"] = float(row["z"])


def flow(K, r0, times):
    """MATH (13) through eigenvectors of K, whose entries are taken as they are."""
    N = len(r0)
    decay, Q = eigsy(matrix(K))
    modes = [fsum(Q[i, j] * r0[i] for i in range(N)) for j in range(N)]
    states = []
    for time in map(mpf, times):
        kept = [exp(-v * time / N) for v in decay]
        gathered = [-expm1(-v * time / N) / v for v in decay]
        back = lambda weights: [float(fsum(Q[i, j] * weights[j] * modes[j] for j in range(N))) for i in range(N)]
        states.append({"time": float(time), "residual": back(kept), "alpha": [-a for a in back(gathered)]})
    return {"K": K, "r0": r0, "states": states}


N = 8
alternating = [float((-1) ** i * (1 + i / 4)) for i in range(N)]
hilbert = [[float(mpf(1) / (i + j + 1)) for j in range(N)] for i in range(N)]
graded = [[float(mpf(10) ** (-i - j) * (2 if i == j else 1)) for j in range(N)] for i in range(N)]
clustered = [[1.0 + (1e-9 * (i + 1) if i == j else 0.0) for j in range(N)] for i in range(N)]
flows = [flow(K, alternating, [0, 1e-9, 0.3, 20, 1e4, 1e8]) for K in (hilbert, graded, clustered)]
# Tridiagonal, with eigenvalues over 14 orders of magnitude that its entries determine to rounding.
steep = [[float(mpf(10) ** (-i - j)) * {0: 1, 1: 0.3}.get(abs(i - j), 0) for j in range(N)] for i in range(N)]
flows.append(flow(steep, alternating, [1, 1e4, 1e8, 4e12]))

pair = lambda c: [float(re(c)), float(im(c))]
fixture = {
    "mpmath": "1.3.0",
    "constant": float(constant),
    "poles": [{"pole": pair(z), "weight": pair(w)} for z, w in poles],
    "values": values,
    "flows": flows,
}
target = pathlib.Path(__file__).parents[2] / "packages/dynamics/test/fixtures/rational-exponential.json"
target.write_text(json.dumps(fixture, separators=(",", ":")).replace('{"z"', '\n{"z"').replace('{"K"', '\n{"K"') + "\n")
record(__file__, target, packages=["mpmath"])
