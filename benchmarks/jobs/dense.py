import numpy as np

WORK = {
    "product": lambda A: {"product": A @ A},
    "cholesky": lambda A: {"factor": np.linalg.cholesky(A)},
    "eigh": lambda A: dict(zip(("values", "vectors"), np.linalg.eigh(A))),
}


def numpy(inputs, setting, threads):
    return lambda: WORK[setting["what"]](inputs["A"])


PEERS = {"numpy": numpy}
