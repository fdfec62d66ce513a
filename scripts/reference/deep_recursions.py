"""Writes NNGP and NTK recursions of further activations to packages/kernels/test/fixtures/deep-recursions.json.

As kernel_recursions.py, with the textbook duals of closed_form_duals.py at 200 digits.
Run: pip install -r requirements.txt; python deep_recursions.py
"""
import json
import pathlib

from closed_form_duals import ACTIVATIONS
from kernel_recursions import DEPTHS, angle
from mpmath import mpf
from provenance import record

X = [[0.0, 0.0], [1.0, 0.0], [1.0, 1e-8], [-1.0, 1e-8], [0.5, 1.25], [1e6, -2e6], [1e6, -2e6 + 0.02]]
NAMES = ["absolute", "abRelu(-0.5, 2)", "sign", "step", "sine", "rbf(0.5)", "gaussian", "gabor", "erfWith(0.5, 0.75, 0.25)"]
W = {"absolute": 1.0, "abRelu(-0.5, 2)": 0.5}


def moments(name, q, p, c):
    # A pre-activation that is 0 gives φ(0) = 0.
    if name in ("sign", "step") and q * p == 0:
        return mpf(0), mpf(0)
    return ACTIVATIONS[name](q, p, c, angle(q, p, c))


def layers(name, w, b, x, z, variances):
    c = w * (x[0] * z[0] + x[1] * z[1]) / 2 + b
    theta, out = c, {}
    for layer in range(1, DEPTHS[-1] + 1):
        q, p = variances[0][layer - 1], variances[1][layer - 1]
        t, s = moments(name, q, p, c)
        c = w * t + b
        theta = c + w * s * theta
        if layer in DEPTHS:
            out[layer] = tuple(0.0 if abs(v) < mpf(10) ** -90 else float(v) for v in (c, theta))
    return out


def variances(name, w, b, x):
    q = [w * (x[0] ** 2 + x[1] ** 2) / 2 + b]
    for _ in range(DEPTHS[-1]):
        q.append(w * moments(name, q[-1], q[-1], q[-1])[0] + b)
    return q


def main():
    rows = []
    exact = [[mpf(v) for v in x] for x in X]
    for name in NAMES:
        w = mpf(W.get(name, 1.5))
        for b in (0, 0.25):
            own = [variances(name, w, mpf(b), x) for x in exact]
            found = [layers(name, w, mpf(b), exact[i], exact[j], (own[i], own[j])) for i in range(len(X)) for j in range(i + 1)]
            for depth in DEPTHS:
                rows.append({"activation": name, "w": float(w), "b": b, "depth": depth, "nngp": [f[depth][0] for f in found], "ntk": [f[depth][1] for f in found]})
    target = pathlib.Path(__file__).parents[2] / "packages/kernels/test/fixtures/deep-recursions.json"
    target.write_text(json.dumps({"mpmath": "1.3.0", "X": X, "rows": rows}, separators=(",", ":")).replace('{"activation"', '\n{"activation"') + "\n")
    record(__file__, target, packages=["mpmath"])


if __name__ == "__main__":
    main()
