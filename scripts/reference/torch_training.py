"""Writes what torch's optimizers make of a small network to packages/mlp/test/fixtures/torch-training.json.

Ten steps on given minibatches, float64, of torch.optim.SGD and AdamW on losses summed over outputs and averaged over examples;
parameters are layer by layer W row-major [outputs, inputs], then the bias, in parameterization 'standard'.
Run: pip install -r requirements.txt; python torch_training.py
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from provenance import record

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(13)
normal = lambda *shape: torch.randn(*shape, generator=generator)
WIDTHS, N, STEPS, RATES = [3, 5, 2], 6, 10, [0.1, 0.05]
X, start = normal(N, WIDTHS[0]), normal(sum(n * m + m for n, m in zip(WIDTHS, WIDTHS[1:])))
batches = [torch.randperm(N, generator=generator)[: 4 - step % 2].tolist() for step in range(STEPS)]
TARGETS = {
    "mse": 2 * normal(N, 2),
    "logistic": torch.sign(normal(N, 2)),
    "cross-entropy": torch.softmax(normal(N, 2), 1),
    "huber": 2 * normal(N, 2),
}
LOSSES = {
    "mse": lambda f, y: F.mse_loss(f, y, reduction="none").sum(1) / 2,
    "logistic": lambda f, y: F.softplus(-y * f).sum(1),
    "cross-entropy": lambda f, y: F.cross_entropy(f, y, reduction="none"),
    "huber": lambda f, y: F.huber_loss(f, y, reduction="none", delta=1.0).sum(1),
}
OPTIMIZERS = [
    ({"kind": "sgd"}, lambda p: torch.optim.SGD(p, lr=1.0)),
    ({"kind": "sgd", "weightDecay": 0.2}, lambda p: torch.optim.SGD(p, lr=1.0, weight_decay=0.2)),
    ({"kind": "sgd", "momentum": 0.9}, lambda p: torch.optim.SGD(p, lr=1.0, momentum=0.9)),
    (
        {"kind": "sgd", "momentum": 0.8, "nesterov": True, "weightDecay": 0.1},
        lambda p: torch.optim.SGD(p, lr=1.0, momentum=0.8, nesterov=True, weight_decay=0.1),
    ),
    ({"kind": "adam"}, lambda p: torch.optim.AdamW(p, lr=1.0, weight_decay=0)),
    (
        {"kind": "adam", "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weightDecay": 0.1},
        lambda p: torch.optim.AdamW(p, lr=1.0, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    ),
]


def outputs(theta, x):
    at = 0
    for layer, (n, m) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        x = x @ theta[at : at + n * m].reshape(m, n).T + theta[at + n * m : at + n * m + m]
        at += n * m + m
        x = torch.tanh(x) if layer + 2 < len(WIDTHS) else x
    return x


rows = []
for name, loss in LOSSES.items():
    for settings, make in OPTIMIZERS:
        theta = start.clone().requires_grad_(True)
        optimizer = make([theta])
        losses = []
        for step, batch in enumerate(batches):
            for group in optimizer.param_groups:
                group["lr"] = RATES[step % 2]
            optimizer.zero_grad()
            value = loss(outputs(theta, X[batch]), TARGETS[name][batch]).mean()
            value.backward()
            optimizer.step()
            losses.append(value.item())
        rows.append({"loss": name, "optimizer": settings, "losses": losses, "theta": theta.tolist()})

target = pathlib.Path(__file__).parents[2] / "packages/mlp/test/fixtures/torch-training.json"
targets = {name: value.tolist() for name, value in TARGETS.items()}
fixture = {"widths": WIDTHS, "rates": RATES, "X": X.tolist(), "start": start.tolist(), "batches": batches, "targets": targets, "rows": rows}
target.write_text(json.dumps(fixture, separators=(",", ":")).replace('{"loss"', '\n{"loss"') + "\n")
record(__file__, target, packages=["torch"])
