import numpy as np


def numpy(inputs, setting, threads):
    K, r0 = inputs["K"], inputs["r0"]
    N, rate = setting["N"], setting["learningRate"]
    c = 1 / setting["batch"]
    A = np.eye(N) - rate * K / N

    def work():
        mean, S = r0, np.outer(r0, r0)
        for _ in range(setting["steps"]):
            mean = A @ mean
            # Two products a step: the drift's and the noise's right factors K are one.
            KS = K @ S
            drifted = S - (rate / N) * KS
            noise = rate**2 * c * (K * (np.diag(S) / N) - KS / N**2)
            S = drifted - ((rate / N) * drifted - noise) @ K
        return {"mean": mean, "covariance": S - np.outer(mean, mean)}

    return work


PEERS = {"numpy": numpy}
