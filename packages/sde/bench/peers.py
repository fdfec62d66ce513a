"""Times of torchsde, diffrax and sdeint on the diagonal problem of steps.mjs, and their ratios to the times it prints.

Geometric Brownian motion, 1,000 paths (sdeint, which does one at a time: 20), 100 steps, noise included; torch on one thread, jax as it comes. Build
the package first; in an environment with torchsde==0.2.6 torch==2.15.0 diffrax==0.7.2 jax==0.10.2 sdeint==0.3.0: python peers.py
"""
import pathlib
import re
import subprocess
import time

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import sdeint
import torch
import torchsde

jax.config.update("jax_enable_x64", True)
torch.set_default_dtype(torch.float64)
NAMES = {"euler": "eulerMaruyama", "milstein": "milstein", "srk": "sriw2"}


def report(name, ns, own):
    print(f"{name}: {ns:.1f} ns a coordinate and step, here {own:.1f} ns, ratio {ns / own:.1f}")


def clock(own):
    torch.set_num_threads(1)

    class Gbm(torch.nn.Module):
        noise_type, sde_type = "diagonal", "ito"
        f = staticmethod(lambda t, y: 0.1 * y)
        g = staticmethod(lambda t, y: 0.2 * y)

    def best(run, paths=1000):
        run()
        times = []
        for _ in range(5):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return min(times) * 1e9 / (100 * paths)

    y0, ts = torch.ones(1000, 1), torch.tensor([0.0, 1.0])
    for method, area in (("euler", "none"), ("milstein", "none"), ("srk", "space-time")):
        def run(method=method, area=area):
            bm = torchsde.BrownianInterval(0.0, 1.0, (1000, 1), dtype=torch.float64, levy_area_approximation=area)
            with torch.no_grad():
                torchsde.sdeint(Gbm(), y0, ts, bm=bm, dt=0.01, method=method)
        report(f"torchsde {method}", best(run), own[NAMES[method]])

    @jax.jit
    def solve(keys):
        def one(key):
            bm = diffrax.UnsafeBrownianPath((), key)
            terms = diffrax.MultiTerm(
                diffrax.ODETerm(lambda t, y, _: 0.1 * y), diffrax.ControlTerm(lambda t, y, _: 0.2 * y, bm)
            )
            out = diffrax.diffeqsolve(
                terms, diffrax.Euler(), 0.0, 1.0, 0.01, jnp.asarray(1.0), adjoint=diffrax.DirectAdjoint()
            )
            return out.ys[-1]
        return jax.vmap(one)(keys)

    keys = jax.random.split(jax.random.key(0), 1000)
    report("diffrax Euler, compiled", best(lambda: solve(keys).block_until_ready()), own["eulerMaruyama"])

    grid, start = np.linspace(0, 1, 101), np.ones(1)
    drift, noise = lambda y, t: 0.1 * y, lambda y, t: 0.2 * np.diag(y)
    # Both of each pair are of the same strong order, ½ and 1.
    for method, name in ((sdeint.itoEuler, "eulerMaruyama"), (sdeint.itoSRI2, "milsteinCommutative")):
        report(f"sdeint {method.__name__}", best(lambda: [method(drift, noise, start, grid) for _ in range(20)], 20), own[name])


here = pathlib.Path(__file__).parent
text = subprocess.run(["node", str(here / "steps.mjs")], check=True, capture_output=True, text=True).stdout
clock({m: float(t) for m, t in re.findall(r"diagonal: (\w+) +([\d.]+) ns", text)})
