"""Writes predictions of neural-tangents' predict module to packages/dynamics/test/fixtures/neural-tangents-predict.json.

Run: pip install -r requirements.txt; python neural_tangents_predict.py
"""
import json
import pathlib

import jax

jax.config.update("jax_enable_x64", True)
import neural_tangents as nt
import numpy as np
from jax import numpy as jnp
from neural_tangents import stax
from provenance import record

rng = np.random.RandomState(0)
N, M, O = 7, 3, 2
X = np.round(rng.randn(N, 3), 6)
Z = np.round(rng.randn(M, 3), 6)
Y = np.round(rng.randn(N, O), 6)
F0 = np.round(rng.randn(N, O), 6)
G0 = np.round(rng.randn(M, O), 6)
LABELS = np.eye(O)[rng.randint(O, size=N)]
TIMES = [0.0, 0.3, 4.0, 60.0]

_, _, kernel_fn = stax.serial(stax.Dense(1, W_std=1.5, b_std=0.5), stax.Relu(), stax.Dense(1, W_std=1.5, b_std=0.5))
train = kernel_fn(X, X, ("nngp", "ntk"))
cross = kernel_fn(Z, X, ("nngp", "ntk"))
test = kernel_fn(Z, Z, ("nngp", "ntk"))


def numbers(array):
    return np.asarray(array, dtype=np.float64).tolist()


result = {
    "versions": {"neural-tangents": nt.__version__, "jax": jax.__version__, "numpy": np.__version__},
    "ntk": {"train": numbers(train.ntk), "cross": numbers(cross.ntk), "test": numbers(test.ntk)},
    "nngp": {"train": numbers(train.nngp), "cross": numbers(cross.nngp), "test": numbers(test.nngp)},
    "y": numbers(Y),
    "f0": {"train": numbers(F0), "test": numbers(G0)},
    "labels": numbers(LABELS),
}

# Its mean squared loss divides by all N·O entries.
mse = nt.predict.gradient_descent_mse(train.ntk, Y)
result["gradient_descent_mse"] = []
for t in TIMES + [None]:
    fx_train, fx_test = mse(t, F0, G0, cross.ntk)
    result["gradient_descent_mse"].append({"t": t, "train": numbers(fx_train), "test": numbers(fx_test)})

ensemble = nt.predict.gradient_descent_mse_ensemble(kernel_fn, X, Y, diag_reg=0.0)
result["gradient_descent_mse_ensemble"] = []
for t in TIMES[1:] + [None]:
    for get in ("ntk", "nngp"):
        mean, covariance = ensemble(t=t, x_test=Z, get=get, compute_cov=True)
        result["gradient_descent_mse_ensemble"].append(
            {"t": t, "get": get, "mean": numbers(mean), "covariance": numbers(covariance)}
        )

REG = 0.1
gp = nt.predict.gp_inference(train, Y, diag_reg=REG, diag_reg_absolute_scale=True)
mean, covariance = gp("nngp", cross, test.nngp)
result["gp_inference"] = {"noiseVariance": REG, "mean": numbers(mean), "covariance": numbers(covariance)}


def cross_entropy(f, y):
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(f), axis=1))


general = nt.predict.gradient_descent(cross_entropy, train.ntk, LABELS)
result["gradient_descent_cross_entropy"] = []
for t in (0.5, 5.0, 40.0):
    fx_train, fx_test = general(t, F0, G0, cross.ntk)
    result["gradient_descent_cross_entropy"].append({"t": t, "train": numbers(fx_train), "test": numbers(fx_test)})


def half_mse(f, y):
    return 0.5 * jnp.sum((f - y) ** 2) / N


RATE, MU = 0.04, 0.9
heavy = nt.predict.gradient_descent(half_mse, train.ntk, Y, learning_rate=RATE, momentum=MU)
result["momentum"] = {"learningRate": RATE, "momentum": MU, "states": []}
for steps in (5.0, 40.0, 300.0):
    fx_train, fx_test = heavy(steps, F0, G0, cross.ntk)
    result["momentum"]["states"].append({"steps": steps, "train": numbers(fx_train), "test": numbers(fx_test)})

path = pathlib.Path(__file__).parents[2] / "packages/dynamics/test/fixtures/neural-tangents-predict.json"
path.write_text(json.dumps(result) + "\n")
record(__file__, path, packages=["jax", "neural-tangents", "numpy", "scipy"])
