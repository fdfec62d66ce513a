"""Writes 50-digit Gaussian moments of activations to packages/architecture/test/fixtures/activation-duals.json.

Each pair (u, v) comes from two vectors x, z in the plane (so that nearly equal and opposite ones are exact):
u = a.x, v = a.z with a ~ N(0, I). Run: pip install -r requirements.txt; python activation_duals.py
"""
import json
import pathlib

from mpmath import asin, atan2, cos, mp, mpf, pi, sin, sqrt
from provenance import record

mp.dps = 60


def relu(x, z):
    q, p = x[0] ** 2 + x[1] ** 2, z[0] ** 2 + z[1] ** 2
    cross, dot = x[0] * z[1] - x[1] * z[0], x[0] * z[0] + x[1] * z[1]
    angle = abs(atan2(cross, dot))
    scale = sqrt(q * p)
    covariance = scale * (sin(angle) + (pi - angle) * cos(angle)) / (2 * pi)
    return covariance, (pi - angle) / (2 * pi), (q + p) / 2 - 2 * covariance, q * p / 4 - covariance**2


def erf(x, z):
    q, p = x[0] ** 2 + x[1] ** 2, z[0] ** 2 + z[1] ** 2
    k = x[0] * z[0] + x[1] * z[1]
    covariance = 2 / pi * asin(2 * k / sqrt((1 + 2 * q) * (1 + 2 * p)))
    derivative = 4 / pi / sqrt((1 + 2 * q) * (1 + 2 * p) - 4 * k * k)
    variance = lambda s: 2 / pi * asin(2 * s / (1 + 2 * s))
    return covariance, derivative, variance(q) + variance(p) - 2 * covariance, variance(q) * variance(p) - covariance**2


POINTS = [(1.0, 0.0), (0.6, 0.8), (-1.0, 0.0), (0.0, 2.0), (3.0, -4.0), (1e6, 1e6), (1e-6, 2e-6), (-0.6, -0.8), (0.25, -1.5)]
NUDGES = [(1e-8, 0.0), (0.0, 1e-8), (1e-4, -1e-4), (0.0, 1e-2)]
pairs = [(x, z) for i, x in enumerate(POINTS) for z in POINTS[: i + 1]]
pairs += [(x, (x[0] + d[0] * abs(x[0] or 1), x[1] + d[1] * abs(x[1] or 1))) for x in POINTS for d in NUDGES]
pairs += [(x, (-x[0] + d[0] * abs(x[0] or 1), -x[1] + d[1] * abs(x[1] or 1))) for x in POINTS for d in NUDGES]

rows = []
for x, z in pairs:
    exact = lambda v: tuple(mpf(c) for c in v)
    u, v = exact(x), exact(z)
    pair = (
        u[0] ** 2 + u[1] ** 2,
        v[0] ** 2 + v[1] ** 2,
        u[0] * v[0] + u[1] * v[1],
        (u[0] - v[0]) ** 2 + (u[1] - v[1]) ** 2,
        (u[0] * v[1] - u[1] * v[0]) ** 2,
    )
    row = {"x": x, "z": z, "pair": [float(c) for c in pair]}
    for name, dual in (("relu", relu), ("erf", erf)):
        row[name] = [float(v) for v in dual(u, v)]
    rows.append(row)

target = pathlib.Path(__file__).parents[2] / "packages/architecture/test/fixtures/activation-duals.json"
target.write_text(json.dumps({"mpmath": "1.3.0", "pairs": rows}, separators=(",", ":")).replace('{"x"', '\n{"x"') + "\n")
record(__file__, target, packages=["mpmath"])
