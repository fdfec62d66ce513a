import jax

jax.config.update("jax_enable_x64", True)
import numpy as np
from jax import numpy as jnp
from neural_tangents import stax


def neural_tangents(inputs, setting, threads):
    dense = lambda: stax.Dense(1, W_std=2.0**0.5, b_std=1.0, parameterization="ntk")
    hidden = [layer for _ in range(setting["depth"]) for layer in (dense(), stax.Relu())]
    _, _, kernel = stax.serial(*hidden, dense())
    kernel = jax.jit(kernel, static_argnames="get")
    X = jnp.array(inputs["X"])

    def work():
        found = kernel(X, None, get=("nngp", "ntk"))
        return {"nngp": np.asarray(found.nngp), "ntk": np.asarray(found.ntk)}

    return work


PEERS = {"neural-tangents": neural_tangents}
