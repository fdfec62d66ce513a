"""Writes neural-tangents' kernels of convolutional networks to packages/kernels/test/fixtures/convolutions.json.

Run: pip install -r requirements.txt; python neural_tangents_convolutions.py
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
# Sequences [N, 7, 2] and images [N, 6, 5, 2], channels last.
POINTS = {
    "sequences": {"X": np.round(rng.randn(3, 7, 2), 5), "Z": np.round(rng.randn(2, 7, 2), 5)},
    "images": {"X": np.round(rng.randn(3, 6, 5, 2), 5), "Z": np.round(rng.randn(2, 6, 5, 2), 5)},
}

relu, erf, gelu = stax.Relu(), stax.Erf(), stax.Gelu()
W, B = 1.5, 0.3


def conv(window, channels=4, strides=None, padding="SAME", w=W, b=B, p="ntk"):
    return stax.Conv(channels, window, strides, padding, W_std=w**0.5, b_std=b**0.5 if b else None, parameterization=p)


def dense(width=4, w=W, b=B, p="ntk"):
    return stax.Dense(width, W_std=w**0.5, b_std=b**0.5 if b else None, parameterization=p)


def fan(merge, *branches):
    return stax.serial(stax.FanOut(len(branches)), stax.parallel(*branches), merge)


def residual(*layers):
    return fan(stax.FanInSum(), stax.Identity(), stax.serial(*layers))


flat, average, total = stax.Flatten(), stax.GlobalAvgPool(), stax.GlobalSumPool()
NETWORKS = {}

# Every padding with and without strides, to every kind of end, in both parameterizations.
for kind, window, strides in (("sequences", (3,), (2,)), ("images", (3, 2), (2, 3))):
    for padding in ("CIRCULAR", "SAME", "VALID"):
        for stride in (None, strides):
            for end, layer in (("flatten", flat), ("average", average), ("sum", total)):
                p = "standard" if end == "average" else "ntk"
                NETWORKS[f"{kind}, {padding.lower()}{', strides' if stride else ''}, {end}"] = (
                    kind,
                    stax.serial(conv(window, strides=stride, padding=padding, p=p), relu, conv(window, padding=padding if not stride else "SAME", p=p), erf, layer, dense(p=p)),
                )
        for pool, name in ((stax.AvgPool, "average"), (stax.SumPool, "sum")):
            for shape in (strides, window):
                NETWORKS[f"{kind}, {name} pooling {'x'.join(map(str, shape))} {padding.lower()}"] = (
                    kind,
                    stax.serial(conv(window, b=0), relu, pool(shape, strides, padding), conv(window), relu, flat, dense(), erf, dense()),
                )

NETWORKS |= {
    "images, standard, flatten": ("images", stax.serial(conv((3, 3), p="standard"), relu, conv((3, 3), p="standard"), relu, flat, dense(p="standard"), relu, dense(p="standard"))),
    "images, no bias, standard": ("images", stax.serial(conv((3, 3), b=0, p="standard"), gelu, conv((2, 2), b=0, p="standard"), relu, average, dense(b=0, p="standard"))),
    "images, even window": ("images", stax.serial(conv((2, 4)), relu, conv((4, 2), padding="CIRCULAR"), relu, flat, dense())),
    "images, dense at sites": ("images", stax.serial(dense(p="standard"), relu, conv((3, 3)), erf, dense(), relu, average, dense())),
    "images, residual, flatten": ("images", stax.serial(conv((3, 3)), residual(relu, conv((3, 3)), relu, conv((3, 3), p="standard")), residual(relu, conv((3, 3))), relu, flat, dense())),
    "images, residual, average": ("images", stax.serial(conv((3, 3)), residual(relu, conv((3, 3), padding="CIRCULAR")), relu, average, dense())),
    "images, residual, strides": ("images", stax.serial(conv((3, 3)), fan(stax.FanInSum(), conv((1, 1), strides=(2, 2)), stax.serial(relu, conv((3, 3), strides=(2, 2)))), relu, average, dense())),
    "images, pooling in a branch": ("images", stax.serial(conv((3, 3)), fan(stax.FanInSum(), stax.AvgPool((3, 3), None, "SAME"), stax.serial(relu, conv((3, 3)))), relu, flat, dense())),
    "images, concatenation": ("images", stax.serial(conv((3, 3)), fan(stax.FanInConcat(), stax.serial(conv((1, 3)), relu), stax.serial(conv((3, 1), channels=8), erf)), conv((2, 2), p="standard"), relu, average, dense())),
    "images, product": ("images", stax.serial(fan(stax.FanInProd(), conv((3, 3)), stax.serial(conv((3, 3)), relu, conv((3, 3)))), conv((3, 3)), relu, average, dense())),
    "images, layer norm": ("images", stax.serial(conv((3, 3)), stax.LayerNorm(), relu, conv((3, 3)), stax.LayerNorm(eps=0.25), erf, average, dense())),
    "images, dropout": ("images", stax.serial(conv((3, 3)), relu, stax.Dropout(0.75), conv((3, 3)), erf, stax.Dropout(0.5), average, dense())),
    "images, linear, sum": ("images", stax.serial(conv((3, 3)), total, dense(), relu, dense())),
    "images, activation after pooling": ("images", stax.serial(conv((3, 3)), stax.AvgPool((2, 2), (2, 2), "SAME"), relu, conv((3, 3)), average, relu, dense())),
    "images, deep": ("images", stax.serial(*[layer for _ in range(10) for layer in (conv((3, 3), w=2.0, b=0), relu)], flat, dense())),
    "sequences, three poolings": ("sequences", stax.serial(conv((3,)), relu, stax.AvgPool((2,), (1,)), conv((3,)), gelu, stax.SumPool((2,), (2,), "SAME"), conv((2,), p="standard"), relu, average, dense(p="standard"))),
}

# Duals without a closed form in neural-tangents are quadratures there too, of its own.
for name, phi in {
    "leakyRelu(0.1)": stax.LeakyRelu(0.1),
    "absolute": stax.Abs(),
    "sign": stax.Sign(),
    "erfSigmoid": stax.Sigmoid_like(),
    "sine(1.5, 0.75, 0.25)": stax.Sin(a=1.5, b=0.75, c=0.25),
    "rbf(0.5)": stax.Rbf(gamma=0.5),
    "gaussian(2, 0.25)": stax.Gaussian(a=2.0, b=-0.25),
    "gabor": stax.Gabor(),
    "exponential(1, 0.25)": stax.Exp(a=1.0, b=0.25),
    "monomial(3)": stax.Monomial(3),
    "polynomial(0.5, -1, 0.25, 0.125)": stax.Polynomial([0.5, -1.0, 0.25, 0.125]),
}.items():
    NETWORKS[f"activation {name}"] = ("sequences", stax.serial(conv((3,)), phi, conv((3,)), phi, average, dense()))

out = {
    "neural-tangents": "0.6.5",
    "points": {kind: {name: p.ravel().tolist() for name, p in both.items()} for kind, both in POINTS.items()},
    "networks": {},
}
for name, (kind, (_, _, kernel)) in NETWORKS.items():
    X, Z = (jnp.array(POINTS[kind][which]) for which in "XZ")
    row = {}
    for key, other in (("XX", None), ("XZ", Z)):
        k = kernel(X, other, ("nngp", "ntk"))
        shape = (len(X), len(X) if other is None else len(Z))
        values = [np.asarray(np.broadcast_to(np.asarray(a), shape)) for a in (k.nngp, k.ntk)]
        assert all(np.isfinite(v).all() for v in values), name
        # Symmetric: the lower half.
        flatten = lambda v: [float(f"{x:.13g}") for x in (v[np.tril_indices(len(X))] if other is None else v.ravel())]
        row[key] = {"nngp": flatten(values[0]), "ntk": flatten(values[1])}
    out["networks"][name] = row
    print(name)

target = pathlib.Path(__file__).parents[2] / "packages/kernels/test/fixtures/convolutions.json"
target.write_text(json.dumps(out, separators=(",", ":")).replace('},"', '},\n"') + "\n")
record(__file__, target, packages=["jax", "neural-tangents", "numpy"])
print(target.stat().st_size, "bytes")
