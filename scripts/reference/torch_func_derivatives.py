"""Writes derivatives of small finite networks by torch.func to packages/mlp/test/fixtures/torch-func.json.

Outputs, Jacobian and Hessian products and the tangent kernel of networks in both parameterizations, float64; parameters are
layer by layer W row-major [outputs, inputs], then the bias. Run: pip install -r requirements.txt; python torch_func_derivatives.py
"""
import json
import math
import pathlib

import torch
from provenance import record
from torch.func import grad, jacrev, jvp, vjp

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(11)
normal = lambda *shape: torch.randn(*shape, generator=generator)
INPUTS, HIDDEN, OUTPUTS, N, M = 3, [5, 4], 2, 4, 3
W2, B2 = 2.0, 0.25
X, Z = normal(N, INPUTS), normal(M, INPUTS)
ACTIVATIONS = {
    "tanh": torch.tanh,
    "gelu": torch.nn.functional.gelu,
    "softplus": torch.nn.functional.softplus,
    "erf": torch.erf,
    "relu": torch.relu,
}


def network(phi, parameterization):
    widths = [INPUTS, *HIDDEN, OUTPUTS]
    standard = parameterization == "standard"

    def f(theta, x):
        at = 0
        for layer, (n, m) in enumerate(zip(widths, widths[1:])):
            W = theta[at : at + n * m].reshape(m, n)
            beta = theta[at + n * m : at + n * m + m]
            at += n * m + m
            x = x @ W.T + beta if standard else math.sqrt(W2 / n) * (x @ W.T) + math.sqrt(B2) * beta
            x = phi(x) if layer < len(HIDDEN) else x
        return x

    return f, sum(n * m + m for n, m in zip(widths, widths[1:]))


rows = []
for name, phi in ACTIVATIONS.items():
    for parameterization in ("ntk", "standard"):
        f, P = network(phi, parameterization)
        theta, tangent, cotangent = normal(P), normal(P), normal(N, OUTPUTS)
        of = lambda points: lambda parameters: f(parameters, points)
        loss = lambda parameters: (cotangent * f(parameters, X)).sum()
        J, JZ = jacrev(of(X))(theta), jacrev(of(Z))(theta)
        found = {
            "outputs": f(theta, X),
            "jvp": jvp(of(X), (theta,), (tangent,))[1],
            "vjp": vjp(of(X), theta)[1](cotangent)[0],
            "hvp": jvp(grad(loss), (theta,), (tangent,))[1],
            "ntk": torch.einsum("nop,mqp->nmoq", J, JZ),
        }
        given = {"theta": theta, "tangent": tangent, "cotangent": cotangent}
        rows.append(
            {"activation": name, "parameterization": parameterization}
            | {key: value.ravel().tolist() for key, value in (given | found).items()}
        )

target = pathlib.Path(__file__).parents[2] / "packages/mlp/test/fixtures/torch-func.json"
target.parent.mkdir(exist_ok=True)
fixture = {"hidden": HIDDEN, "weightVariance": W2, "biasVariance": B2, "X": X.tolist(), "Z": Z.tolist(), "rows": rows}
target.write_text(json.dumps(fixture, separators=(",", ":")).replace('{"activation"', '\n{"activation"') + "\n")
record(__file__, target, packages=["torch"])
