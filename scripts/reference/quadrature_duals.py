"""Writes Gaussian moments of activations without closed forms to packages/architecture/test/fixtures/quadrature-duals.json.

Nested Gauss-Legendre panels at 25 digits, split at the kinks. Run: pip install -r requirements.txt; python quadrature_duals.py
"""
import json
import pathlib

from mpmath import exp, expm1, log1p, mp, mpf, pi, sqrt, tanh
from mpmath.calculus.quadrature import GaussLegendre
from provenance import record

mp.dps = 30
logistic = lambda h: 1 / (1 + exp(-h))
A, B = mpf("1.6732632423543772"), mpf("1.0507009873554805")
ACTIVATIONS = {
    "tanh": (tanh, lambda h: 1 - tanh(h) ** 2),
    "sigmoid": (logistic, lambda h: logistic(h) * logistic(-h)),
    "softplus": (lambda h: log1p(exp(h)), logistic),
    "silu": (lambda h: h * logistic(h), lambda h: logistic(h) * (1 + h * logistic(-h))),
    "elu": (lambda h: h if h > 0 else expm1(h), lambda h: 1 if h > 0 else exp(h)),
    "selu": (lambda h: B * (h if h > 0 else A * expm1(h)), lambda h: B * (1 if h > 0 else A * exp(h))),
}
PLANES = [((1, 0), (0.5, 0.75)), ((1.5, 0), (-2, 1)), ((0.25, 0), (0.25, 0.0625))]


# 24 points.
NODES = GaussLegendre(mp).calc_nodes(4, mp.prec)


def rule(cuts):
    """Nodes and weights for a standard normal variable, by Gauss-Legendre panels."""
    out = []
    for low, high in zip(cuts, cuts[1:]):
        for x, w in NODES:
            s = (low + high) / 2 + (high - low) / 2 * x
            out.append((s, w * (high - low) / 2 * exp(-s * s / 2) / sqrt(2 * pi)))
    return out


CUTS = [mpf(x) * 3 / 2 for x in range(-7, 8)]


def expect(f, g, a, b, c, kink):
    """E f(a s) g(b s + c t)."""
    inner = rule(CUTS)
    total = mpf(0)
    for s, w in rule(CUTS):
        split = [-b * s / c] if kink and abs(b * s / c) < CUTS[-1] else []
        nodes = rule(sorted(CUTS + split)) if split else inner
        total += w * f(a * s) * sum(v * g(b * s + c * t) for t, v in nodes)
    return total


rows = []
for (a, _), (b, c) in PLANES:
    a, b, c = mpf(a), mpf(b), mpf(c)
    pair = [a * a, b * b + c * c, a * b, (a - b) ** 2 + c * c, a * a * c * c]
    for name, (f, g) in ACTIVATIONS.items():
        kink = name in ("elu", "selu")
        rows.append({"name": name, "pair": [float(w) for w in pair], "T": float(expect(f, f, a, b, c, kink)), "slope": float(expect(g, g, a, b, c, kink))})

# Perfect correlation, from where poles of the activations are out of reach to where they are close.
FINE = rule([mpf(x) / 4 for x in range(-42, 43)])
DEVIATIONS = [1 / 16, 0.125, 0.1875, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 1, 1.3125, 1.375, 2, 4, 8]
lines = []
for name, (f, g) in ACTIVATIONS.items():
    for d in DEVIATIONS:
        second = lambda h: float(sum(w * h(mpf(d) * s) ** 2 for s, w in FINE))
        lines.append({"name": name, "deviation": d, "T": second(f), "slope": second(g)})

target = pathlib.Path(__file__).parents[2] / "packages/architecture/test/fixtures/quadrature-duals.json"
target.write_text(json.dumps({"mpmath": "1.3.0", "rows": rows, "lines": lines}, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")
record(__file__, target, packages=["mpmath"])
