import numpy as np

# jax and torch bring an LLVM each and do not live in one process: each contestant imports its own.

BATCH = 8


def log_losses(residual):
    """Of `[paths, N]`."""
    return {"logLoss": np.log((np.asarray(residual) ** 2).mean(1) / 2)}


def intensity(setting):
    return (setting["learningRate"] / (BATCH * setting["N"])) ** 0.5


def by_diffrax(inputs, setting, threads):
    import diffrax
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    K, r0 = jnp.array(inputs["K"]), jnp.array(inputs["r0"])
    N, P, h = setting["N"], setting["paths"], setting["learningRate"]
    steps = setting["steps"]

    @jax.jit
    def ends(key):
        residual = lambda alpha: r0 + alpha @ K
        noise = diffrax.UnsafeBrownianPath(shape=(P, N), key=key)
        terms = diffrax.MultiTerm(
            diffrax.ODETerm(lambda t, alpha, _: -residual(alpha) / N),
            diffrax.WeaklyDiagonalControlTerm(lambda t, alpha, _: intensity(setting) * residual(alpha), noise),
        )
        found = diffrax.diffeqsolve(
            terms,
            diffrax.Euler(),
            0.0,
            h * steps,
            h,
            jnp.zeros((P, N)),
            max_steps=steps + 1,
            adjoint=diffrax.DirectAdjoint(),
        )
        return residual(found.ys[-1])

    keys = iter(jax.random.split(jax.random.PRNGKey(0), 1000))
    return lambda: log_losses(ends(next(keys)))


def by_torchsde(inputs, setting, threads):
    import torch
    import torchsde

    torch.set_num_threads(threads)
    K, r0 = torch.tensor(inputs["K"]), torch.tensor(inputs["r0"])
    N, P, h = setting["N"], setting["paths"], setting["learningRate"]

    class Sntk(torch.nn.Module):
        noise_type, sde_type = "diagonal", "ito"

        def f_and_g(self, t, alpha):
            residual = r0 + alpha @ K
            return -residual / N, intensity(setting) * residual

        f = lambda self, t, alpha: self.f_and_g(t, alpha)[0]
        g = lambda self, t, alpha: self.f_and_g(t, alpha)[1]

    def work():
        with torch.no_grad():
            start = torch.zeros(P, N, dtype=torch.float64)
            times = torch.tensor([0.0, h * setting["steps"]], dtype=torch.float64)
            alpha = torchsde.sdeint(Sntk(), start, times, method="euler", dt=h)[-1]
            return log_losses(r0 + alpha @ K)

    return work


PEERS = {"diffrax": by_diffrax, "torchsde": by_torchsde}
