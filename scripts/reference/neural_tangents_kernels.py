"""Writes neural-tangents' kernels of fully connected networks to packages/kernels/test/fixtures/neural-tangents.json.

Run: pip install -r requirements.txt; python neural_tangents_kernels.py
"""
import json
import pathlib

import jax

jax.config.update("jax_enable_x64", True)
import numpy as np
from jax import numpy as jnp
from neural_tangents import stax
from provenance import record

rng = np.random.RandomState(0)
X = np.round(rng.randn(6, 3), 6)
Z = np.round(rng.randn(3, 3), 6)

ACTIVATIONS = {
    "relu": stax.Relu(),
    "leakyRelu(0.1)": stax.LeakyRelu(0.1),
    "abRelu(-0.5, 2)": stax.ABRelu(-0.5, 2.0),
    "absolute": stax.Abs(),
    "sign": stax.Sign(),
    "erf": stax.Erf(),
    "erfWith(0.5, 0.75, 0.25)": stax.Erf(a=0.5, b=0.75, c=0.25),
    "erfSigmoid": stax.Sigmoid_like(),
    "gelu": stax.Gelu(),
    "sine(1.5, 0.75, 0.25)": stax.Sin(a=1.5, b=0.75, c=0.25),
    "cosine(1.5, 0.75, 0.25)": stax.Cos(a=1.5, b=0.75, c=0.25),
    "rbf(0.5)": stax.Rbf(gamma=0.5),
    "gaussian(2, 0.25)": stax.Gaussian(a=2.0, b=-0.25),
    "gabor": stax.Gabor(),
    "exponential(1, 0.25)": stax.Exp(a=1.0, b=0.25),
    "normalizedExponential(0.75, -1)": stax.ExpNormalized(gamma=0.75, shift=-1),
    "monomial(3)": stax.Monomial(3),
    "rectifiedMonomial(2)": stax.RectifiedMonomial(2),
    "polynomial(0.5, -1, 0.25, 0.125)": stax.Polynomial([0.5, -1.0, 0.25, 0.125]),
}


def dense(width=8, w=1.5, b=0.3, p="ntk"):
    return stax.Dense(width, W_std=w**0.5, b_std=b**0.5 if b else None, parameterization=p)


def chain(phi, depth, **options):
    layers = [dense(**options)]
    for _ in range(depth):
        layers += [phi, dense(**options)]
    return stax.serial(*layers)


relu, erf = ACTIVATIONS["relu"], ACTIVATIONS["erf"]


def residual(*layers):
    return stax.serial(stax.FanOut(2), stax.parallel(stax.Identity(), stax.serial(*layers)), stax.FanInSum())


def fan(merge, *branches):
    return stax.serial(stax.FanOut(len(branches)), stax.parallel(*branches), merge)


NETWORKS = {f"{name}, {p}": chain(phi, 2, p=p) for name, phi in ACTIVATIONS.items() for p in ("ntk", "standard")}
NETWORKS |= {
    # Their diagonals are NaN, and with them every entry of deeper networks.
    "rectifiedMonomial(2), one layer": chain(ACTIVATIONS["rectifiedMonomial(2)"], 1),
    "relu, no bias, 20 layers": chain(relu, 20, w=2.0, b=0),
    "erf, no bias, standard": chain(erf, 3, b=0, p="standard"),
    "residual": stax.serial(dense(), residual(relu, dense()), residual(erf, dense(p="standard")), relu, dense()),
    "product": stax.serial(fan(stax.FanInProd(), dense(), stax.serial(dense(), erf, dense())), dense(), relu, dense()),
    "sum of three": stax.serial(dense(), fan(stax.FanInSum(), dense(), stax.serial(relu, dense()), stax.serial(erf, dense())), relu, dense()),
    "layer norm": stax.serial(dense(), stax.LayerNorm(), relu, dense(), stax.LayerNorm(), erf, dense()),
    "layer norm, large epsilon": stax.serial(dense(), stax.LayerNorm(eps=0.25), relu, dense()),
    "dropout": stax.serial(dense(), relu, stax.Dropout(0.75), dense(), erf, stax.Dropout(0.5), dense()),
    "concatenation": stax.serial(dense(), fan(stax.FanInConcat(), stax.serial(dense(), relu), stax.serial(dense(), erf)), dense()),
}

out = {"neural-tangents": "0.6.5", "X": X.tolist(), "Z": Z.tolist(), "networks": {}}
for name, (_, _, kernel) in NETWORKS.items():
    row = {}
    try:
        for key, other in (("XX", None), ("XZ", Z)):
            k = kernel(jnp.array(X), None if other is None else jnp.array(other), ("nngp", "ntk"))
            # NaN, as of their rectified monomials: null.
            flat = lambda a: [v if v == v else None for v in np.broadcast_to(np.asarray(a), k.nngp.shape).ravel().tolist()]
            row[key] = {"nngp": flat(k.nngp), "ntk": flat(k.ntk)}
    except Exception as problem:
        print("left out:", name, repr(problem)[:200])
        continue
    print(name)
    out["networks"][name] = row

target = pathlib.Path(__file__).parents[2] / "packages/kernels/test/fixtures/neural-tangents.json"
target.parent.mkdir(exist_ok=True)
target.write_text(json.dumps(out, separators=(",", ":")).replace('},"', '},\n"') + "\n")
record(__file__, target, packages=["jax", "neural-tangents", "numpy"])
