"""Writes derivatives of small convolutional networks by torch.func to packages/mlp/test/fixtures/torch-convolutions.json.

Outputs, Jacobian and Hessian products and the tangent kernel, float64, in parameterization 'ntk'; convolutions and pooling are
torch's own. Points are sites in row-major order, channels last; parameters are layer by layer W row-major
[outputs, *window, channels], then the bias. Run: pip install -r requirements.txt; python torch_convolutions.py
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F
from provenance import record
from torch.func import grad, jacrev, jvp, vjp

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(12)
normal = lambda *shape: torch.randn(*shape, generator=generator)
OUTPUTS, N, M = 2, 3, 2
W2, B2 = 1.5, 0.25
CONVOLVE = {1: F.conv1d, 2: F.conv2d}


def convolution(channels, window, strides=None, padding="same"):
    return {"kind": "convolution", "channels": channels, "window": window, "strides": strides or [1] * len(window), "padding": padding}


def pooling(reduce, window, strides=None, padding="valid"):
    return {"kind": "pooling", "reduce": reduce, "window": window, "strides": strides or window, "padding": padding}


dense = lambda width: {"kind": "dense", "width": width}
act = lambda name: {"kind": "activation", "name": name}
flatten = {"kind": "flatten"}
everywhere = lambda reduce: {"kind": "globalPooling", "reduce": reduce}
residual = lambda *layers: {"kind": "residual", "layers": layers}
PHI = {"tanh": torch.tanh, "gelu": F.gelu, "softplus": F.softplus, "erf": torch.erf}

NETWORKS = [
    ([5, 4, 2], [convolution(3, [3, 3], [2, 2]), act("tanh"), flatten, dense(OUTPUTS)]),
    (
        [4, 5, 2],
        [convolution(3, [3, 2], None, "circular"), act("gelu"), convolution(2, [2, 2], [1, 2], "valid"), act("tanh"), everywhere("average"), dense(OUTPUTS)],
    ),
    (
        [4, 4, 1],
        [
            convolution(3, [3, 3]),
            residual(act("softplus"), convolution(3, [2, 3])),
            pooling("average", [2, 2], [1, 1], "same"),
            act("erf"),
            pooling("sum", [2, 2]),
            dense(2),
            act("tanh"),
            flatten,
            dense(OUTPUTS),
        ],
    ),
    ([7, 2], [convolution(3, [3], [2]), act("erf"), convolution(2, [4], None, "circular"), act("tanh"), everywhere("sum"), dense(OUTPUTS)]),
]


def padded(x, layer):
    """Pads the axes after the first two as the window asks."""
    if layer["padding"] == "valid":
        return x
    pads = []
    for n, w, s in zip(reversed(x.shape[2:]), reversed(layer["window"]), reversed(layer["strides"])):
        excess = max(0, (math.ceil(n / s) - 1) * s + w - n)
        pads += [excess // 2, excess - excess // 2]
    return F.pad(x, pads, mode="circular" if layer["padding"] == "circular" else "constant")


class Parameters:
    def __init__(self, theta):
        self.theta, self.at = theta, 0

    def take(self, *shape):
        size = math.prod(shape)
        self.at += size
        return self.theta[self.at - size : self.at].reshape(shape) if self.theta is not None else torch.zeros(shape)


def run(layers, x, parameters):
    """`x` is [N, channels, *sites], or [N, units]."""
    for layer in layers:
        kind = layer["kind"]
        channels = x.shape[1]
        if kind == "activation":
            x = PHI[layer["name"]](x)
        elif kind == "flatten":
            x = x.movedim(1, -1).flatten(1)
        elif kind == "globalPooling":
            x = getattr(x.flatten(2), {"sum": "sum", "average": "mean"}[layer["reduce"]])(2)
        elif kind == "residual":
            x = x + run(layer["layers"], x, parameters)
        elif kind == "pooling":
            axes = len(layer["window"])
            ones = torch.ones([channels, 1, *layer["window"]])
            sums = CONVOLVE[axes](padded(x, layer), ones, stride=layer["strides"], groups=channels)
            x = sums / math.prod(layer["window"]) if layer["reduce"] == "average" else sums
        elif kind == "dense":
            W, beta = parameters.take(layer["width"], channels), parameters.take(layer["width"])
            x = math.sqrt(W2 / channels) * (x.movedim(1, -1) @ W.T) + math.sqrt(B2) * beta
            x = x.movedim(-1, 1)
        else:
            W = parameters.take(layer["channels"], *layer["window"], channels).movedim(-1, 1)
            beta = parameters.take(layer["channels"])
            scale = math.sqrt(W2 / (channels * math.prod(layer["window"])))
            x = CONVOLVE[len(layer["window"])](padded(x, layer), scale * W, math.sqrt(B2) * beta, layer["strides"])
    return x


rows = []
for shape, layers in NETWORKS:
    of = lambda points: lambda parameters: run(layers, points.reshape(-1, *shape).movedim(-1, 1), Parameters(parameters))
    X, Z = normal(N, math.prod(shape)), normal(M, math.prod(shape))
    counted = Parameters(None)
    run(layers, X.reshape(-1, *shape).movedim(-1, 1), counted)
    theta, tangent, cotangent = normal(counted.at), normal(counted.at), normal(N, OUTPUTS)
    loss = lambda parameters: (cotangent * of(X)(parameters)).sum()
    J, JZ = jacrev(of(X))(theta), jacrev(of(Z))(theta)
    found = {
        "outputs": of(X)(theta),
        "jvp": jvp(of(X), (theta,), (tangent,))[1],
        "vjp": vjp(of(X), theta)[1](cotangent)[0],
        "hvp": jvp(grad(loss), (theta,), (tangent,))[1],
        "ntk": torch.einsum("nop,mqp->nmoq", J, JZ),
    }
    given = {"X": X, "Z": Z, "theta": theta, "tangent": tangent, "cotangent": cotangent}
    rows.append({"shape": shape, "layers": layers} | {key: value.ravel().tolist() for key, value in (given | found).items()})

target = pathlib.Path(__file__).parents[2] / "packages/mlp/test/fixtures/torch-convolutions.json"
fixture = {"weightVariance": W2, "biasVariance": B2, "rows": rows}
target.write_text(json.dumps(fixture, separators=(",", ":")).replace('{"shape"', '\n{"shape"') + "\n")
record(__file__, target, packages=["torch"])
