"""Writes derivatives of activations' Gaussian moments to packages/architecture/test/fixtures/dual-slopes.json.

The textbook forms of closed_form_duals.py, differentiated numerically at 150 digits in q, q' and c. Rows are
[T_q, T_q', S_q, S_q', S_c] with S = T'. Pairs are (q, q', c), none of them degenerate.
Run: pip install -r requirements.txt; python dual_slopes.py
"""
import json
import pathlib

from closed_form_duals import ACTIVATIONS, rectified
from mpmath import acos, diff, mpf, sqrt
from provenance import record

PLANES = [((1.0, 0.0), (0.6, 0.8)), ((1.0, 0.0), (-0.6, 0.8)), ((2.0, 0.0), (0.5, 0.25)), ((0.25, 0.0), (2.0, -0.5)), ((1.0, 0.0), (1.0, 0.0078125)), ((1.5, 0.0), (-1.5, 0.03125)), ((3.0, -4.0), (0.0, 2.0)), ((0.0009765625, 0.0), (0.5, 0.5))]
h = mpf(10) ** -40


def slopes(dual, q, p, c):
    f = lambda q, p, c: dual(q, p, c, acos(c / sqrt(q * p)))
    T = lambda q, p, c: f(q, p, c)[0]
    S = lambda q, p, c: f(q, p, c)[1]
    by = lambda g, order: float(diff(g, (q, p, c), order, h=h))
    return [by(T, (1, 0, 0)), by(T, (0, 1, 0)), by(S, (1, 0, 0)), by(S, (0, 1, 0)), by(S, (0, 0, 1))]


DUALS = {"relu": rectified(1), **ACTIVATIONS}
out = {"mpmath": "1.3.0", "pairs": [], "activations": {name: [] for name in DUALS}}
for x, z in PLANES:
    u, v = [mpf(c) for c in x], [mpf(c) for c in z]
    q, p, c = u[0] ** 2 + u[1] ** 2, v[0] ** 2 + v[1] ** 2, u[0] * v[0] + u[1] * v[1]
    cross = u[0] * v[1] - u[1] * v[0]
    out["pairs"].append([float(w) for w in (q, p, c, (u[0] - v[0]) ** 2 + (u[1] - v[1]) ** 2, cross**2)])
    for name, dual in DUALS.items():
        out["activations"][name].append(slopes(dual, q, p, c))

target = pathlib.Path(__file__).parents[2] / "packages/architecture/test/fixtures/dual-slopes.json"
target.write_text(json.dumps(out, separators=(",", ":")).replace('],"', '],\n"') + "\n")
record(__file__, target, packages=["mpmath"])
