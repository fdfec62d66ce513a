import numpy as np
from sgd import split

# jax and torch bring an LLVM each and do not live in one process: each contestant imports its own.


def by_neural_tangents(implementation):
    def prepare(inputs, setting, threads):
        import jax
        import neural_tangents as nt
        from jax import numpy as jnp

        # What neural-tangents' structured derivatives look up has moved within jax.
        jax.interpreters.ad.source_info_util = jax._src.source_info_util
        jax.interpreters.ad.config = jax._src.config.config
        X = jnp.array(inputs["X"], dtype=jnp.float32)
        layers = list(split(jnp.array(inputs["theta"]), 2, setting["width"]))

        def forward(layers, x):
            for k, (W, beta) in enumerate(layers):
                x = (2 / W.shape[1]) ** 0.5 * (x @ W.T) + beta
                x = jax.nn.relu(x) if k < len(layers) - 1 else x
            return x

        kernel = nt.empirical_ntk_fn(forward, trace_axes=(-1,), vmap_axes=0, implementation=nt.NtkImplementation[implementation])
        kernel = jax.jit(kernel)
        return lambda: {"ntk": np.asarray(kernel(X, None, layers))}

    return prepare


def by_torch(inputs, setting, threads):
    import torch

    torch.set_num_threads(threads)
    X = torch.tensor(inputs["X"], dtype=torch.float32)
    layers = [p for pair in split(torch.tensor(inputs["theta"]), 2, setting["width"]) for p in pair]

    def forward(layers, x):
        for k, (W, beta) in enumerate(zip(layers[::2], layers[1::2])):
            x = (2 / W.shape[1]) ** 0.5 * (x @ W.T) + beta
            x = torch.relu(x) if k < len(layers) // 2 - 1 else x
        return x.squeeze(-1)

    jacobian = torch.func.vmap(torch.func.grad(forward), (None, 0))

    def work():
        ntk = 0
        for J in jacobian(layers, X):
            J = J.flatten(1)
            ntk = ntk + J @ J.T
        return {"ntk": ntk.numpy()}

    return work


PEERS = {
    "neural-tangents, structured": by_neural_tangents("STRUCTURED_DERIVATIVES"),
    "neural-tangents, contraction": by_neural_tangents("JACOBIAN_CONTRACTION"),
    "torch.func": by_torch,
}
