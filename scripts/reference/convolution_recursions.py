"""Writes 200-digit recursions of convolutional networks to packages/kernels/test/fixtures/convolution-recursions.json.

The textbook recursion over all pairs of sites of short sequences, as a dictionary of sums, over inputs that include zero, flat, identical,
opposite, parallel, nearly equal and huge ones. Rows are the lower triangle with the diagonal.
Run: pip install -r requirements.txt; python convolution_recursions.py
"""
import json
import pathlib

from mpmath import acos, asin, cos, mp, mpf, pi, sin, sqrt
from provenance import record

mp.dps = 200
L = 4


def relu(q, p, c):
    if q * p == 0:
        return mpf(0), mpf(1) / 4
    t = acos(max(mpf(-1), min(mpf(1), c / sqrt(q * p))))
    return sqrt(q * p) * (sin(t) + (pi - t) * cos(t)) / (2 * pi), (pi - t) / (2 * pi)


def erf(q, p, c):
    norm = (1 + 2 * q) * (1 + 2 * p)
    return 2 / pi * asin(2 * c / sqrt(norm)), 4 / pi / sqrt(norm - 4 * c * c)


# A field: the two kernels of sites (example, site) x (example, site) of two examples 0 and 1.
SITES = [(e, a) for e in range(2) for a in range(L)]


def start(x, z):
    both = [x, z]
    return {(s, t): (sum(f * g for f, g in zip(both[s[0]][s[1]], both[t[0]][t[1]])) / 2, mpf(0)) for s in SITES for t in SITES}


def conv(field, w, b, padding):
    def at(s, d):
        site = s[1] + d
        if padding == "circular":
            return (s[0], site % L)
        return (s[0], site) if 0 <= site < L else None

    out = {}
    for s, t in field:
        seen = [field[at(s, d), at(t, d)] for d in (-1, 0, 1) if at(s, d) and at(t, d)]
        nngp = w * sum(f[0] for f in seen) / 3 + b
        out[s, t] = nngp, nngp + w * sum(f[1] for f in seen) / 3
    return out


def act(field, T):
    out = {}
    for (s, t), (c, theta) in field.items():
        value, slope = T(field[s, s][0], field[t, t][0], c)
        out[s, t] = value, theta * (mpf(1) / 2 if s == t and T is relu else slope)
    return out


def pool(field):
    """Averages each site with its right neighbour, circularly."""
    near = lambda s: ((s[0], s[1]), (s[0], (s[1] + 1) % L))
    return {(s, t): tuple(sum(field[u, v][k] for u in near(s) for v in near(t)) / 4 for k in (0, 1)) for s, t in field}


def add(f, g):
    return {key: tuple(u + v for u, v in zip(f[key], g[key])) for key in f}


def dense(pair, w, b):
    nngp = w * pair[0] + b
    return nngp, nngp + w * pair[1]


def end(field, kind):
    pairs = [((0, a), (1, c)) for a in range(L) for c in range(L) if kind == "average" or a == c]
    return tuple(sum(field[pair][k] for pair in pairs) / len(pairs) for k in (0, 1))


def plain(field, T, w, b, depth, padding):
    for _ in range(depth):
        field = act(conv(field, w, b, padding), T)
    return field


def residual(field, T, w, b):
    field = conv(field, w, b, "same")
    for _ in range(2):
        field = add(field, conv(act(field, T), w, b, "circular"))
    return act(field, T)


NETWORKS = {
    "two layers, same": lambda f, *o: plain(f, *o, 2, "same"),
    "ten layers, circular": lambda f, *o: plain(f, *o, 10, "circular"),
    "residual": lambda f, *o: residual(f, *o),
    "pooled": lambda f, *o: act(conv(pool(plain(f, *o, 1, "same")), *o[1:], "same"), o[0]),
}

row = lambda *v: [list(pair) for pair in v]
X = [
    row((0.5, 1.25), (-0.75, 0.5), (1, 0), (0.25, -1)),
    row((0.5, 1.25 + 1e-8), (-0.75, 0.5), (1, 0), (0.25, -1)),
    row((0.5, 1.25), (-0.75, 0.5), (1, 0), (0.25, -1)),
    row((-0.5, -1.25), (0.75, -0.5), (-1, 0), (-0.25, 1)),
    row((1.5, 3.75), (-2.25, 1.5), (3, 0), (0.75, -3)),
    row((0.5, 1.25), (0.5, 1.25), (0.5, 1.25), (0.5, 1.25)),
    row((0.5, 1.25), (0.5, 1.25), (0.5 + 1e-8, 1.25), (0.5, 1.25)),
    row((0, 0), (0, 0), (1e6, -2e6), (0, 0)),
    row((0, 0), (0, 0), (0, 0), (0, 0)),
]
exact = [[[mpf(v) for v in site] for site in x] for x in X]
rows = []
for name, (T, w) in {"relu": (relu, mpf(2)), "erf": (erf, mpf(3) / 2)}.items():
    for b in (mpf(0), mpf(1) / 4):
        for network, layers in NETWORKS.items():
            found = {"flatten": [], "average": []}
            for i in range(len(X)):
                for j in range(i + 1):
                    # A point against itself is two examples, so that no site is taken for another one's diagonal.
                    field = layers(start(exact[i], exact[j]), T, w, b)
                    for kind in found:
                        pairs = dense(end(field, kind), w, b)
                        found[kind].append([0.0 if abs(v) < mpf(10) ** -90 else float(v) for v in pairs])
            for kind, pairs in found.items():
                rows.append({"activation": name, "w": float(w), "b": float(b), "network": network, "end": kind, "nngp": [p[0] for p in pairs], "ntk": [p[1] for p in pairs]})
    print(name)

target = pathlib.Path(__file__).parents[2] / "packages/kernels/test/fixtures/convolution-recursions.json"
flat = [[v for site in x for v in site] for x in X]
target.write_text(json.dumps({"mpmath": "1.3.0", "X": flat, "rows": rows}, separators=(",", ":")).replace('{"activation"', '\n{"activation"') + "\n")
record(__file__, target, packages=["mpmath"])
print(target.stat().st_size, "bytes")
