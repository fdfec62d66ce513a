"""The peers' side of a contest; see contestant.mjs for the protocol."""
import importlib
import json
import pathlib
import resource
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "jobs"))
state = {}


def prepare(message):
    module = importlib.import_module(message["job"])
    inputs = {name: np.load(path) for name, path in message["inputs"].items()}
    state["work"] = module.PEERS[message["variant"]](inputs, message["setting"], message["threads"])
    return {}


def run(_):
    start = time.perf_counter()
    state["result"] = state["work"]()
    return {"ms": 1e3 * (time.perf_counter() - start)}


def finish(message):
    for name, values in state["result"].items():
        np.ascontiguousarray(values, dtype=np.float64).tofile(pathlib.Path(message["folder"]) / name)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"names": list(state["result"]), "peakBytes": peak * (1 if sys.platform == "darwin" else 1024)}


answers = {"prepare": prepare, "run": run, "finish": finish}
for line in sys.stdin:
    message = json.loads(line)
    print(json.dumps(answers[message["do"]](message)), flush=True)
