"""Writes states of torchsde and diffrax on given Brownian increments to packages/sde/test/fixtures/paths.json.

Run: pip install -r requirements.txt; python sde_paths.py
"""
import json
import pathlib

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import torch
import torchsde
from provenance import record

jax.config.update("jax_enable_x64", True)
torch.set_default_dtype(torch.float64)
STEPS, PATHS, DIMENSION = 16, 4, 2
H = 1 / STEPS
rng = np.random.default_rng(7)
dW = rng.normal(0, np.sqrt(H), (STEPS, DIMENSION, PATHS))
dZ = H * (dW / 2 + rng.normal(0, np.sqrt(H / 12), dW.shape))
X0 = rng.normal(0, 1, (DIMENSION, PATHS))


class Given(torchsde.BaseBrownian):
    """The increments above, by time."""

    __slots__ = ()
    dtype, device, shape = torch.float64, torch.device("cpu"), (PATHS, DIMENSION)
    levy_area_approximation = "space-time"

    def __call__(self, ta, tb=None, return_U=False, return_A=False):
        k = int(round(float(ta) * STEPS))
        assert abs(float(tb) - (k + 1) * H) < 1e-12 and abs(float(ta) - k * H) < 1e-12
        W = torch.tensor(dW[k].T)
        return (W, torch.tensor(dZ[k].T)) if return_U else W

    def __repr__(self):
        return "Given"


class Problem(torch.nn.Module):
    def __init__(self, noise_type, sde_type):
        super().__init__()
        self.noise_type, self.sde_type = noise_type, sde_type

    def f(self, t, y):
        return torch.sin(2 * y) - y + torch.cos(torch.as_tensor(3 * t))

    def g(self, t, y):
        if self.noise_type == "additive":
            return ((0.5 + torch.as_tensor(t)) * torch.eye(2)).expand(y.shape[0], 2, 2)
        return 0.4 + 0.3 * torch.cos(y + t)


def by_torchsde(noise, calculus, method, **options):
    out = torchsde.sdeint(
        Problem(noise, calculus), torch.tensor(X0.T), torch.tensor([0.0, 1.0]), bm=Given(), dt=H, method=method, options=options
    )
    return out[-1].detach().numpy().T.ravel().tolist()


def by_diffrax(solver):
    field = lambda t, y, _: jnp.sin(2 * y) - y + jnp.cos(3 * t)
    out = diffrax.diffeqsolve(diffrax.ODETerm(field), solver, 0.0, 1.0, H, jnp.asarray(X0))
    return np.asarray(out.ys[-1]).ravel().tolist()


def write():
    rows = [
        ("eulerMaruyama", "diagonal", "ito", by_torchsde("diagonal", "ito", "euler")),
        ("milstein", "diagonal", "ito", by_torchsde("diagonal", "ito", "milstein")),
        ("milsteinCommutative", "diagonal", "ito", by_torchsde("diagonal", "ito", "milstein", grad_free=True)),
        ("sriw2", "diagonal", "ito", by_torchsde("diagonal", "ito", "srk")),
        ("sra1", "additive", "ito", by_torchsde("additive", "ito", "srk")),
        ("stochasticHeun", "diagonal", "stratonovich", by_torchsde("diagonal", "stratonovich", "heun")),
        ("midpoint", "diagonal", "stratonovich", by_torchsde("diagonal", "stratonovich", "midpoint")),
        ("reversibleHeun", "diagonal", "stratonovich", by_torchsde("diagonal", "stratonovich", "reversible_heun")),
        ("eulerHeun", "diagonal", "stratonovich", by_torchsde("diagonal", "stratonovich", "euler_heun")),
        ("dormandPrince", "none", "ito", by_diffrax(diffrax.Dopri5())),
        ("tsitouras", "none", "ito", by_diffrax(diffrax.Tsit5())),
    ]
    fixture = {
        "source": "torchsde 0.2.6 and diffrax 0.6.1, scripts/reference/sde_paths.py",
        "steps": STEPS,
        "paths": PATHS,
        "x0": X0.ravel().tolist(),
        "dW": dW.reshape(STEPS, -1).tolist(),
        "dZ": dZ.reshape(STEPS, -1).tolist(),
        "rows": [dict(method=m, noise=n, calculus=c, final=x) for m, n, c, x in rows],
    }
    path = pathlib.Path(__file__).parents[2] / "packages/sde/test/fixtures/paths.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fixture, indent=1) + "\n")
    record(__file__, path, packages=["diffrax", "jax", "numpy", "torch", "torchsde"])


write()
