"""Writes down which script and which versions made a fixture, in provenance.json; a test compares it with what is there.

Every script ends with `record(__file__, fixture, ..., packages=["mpmath"])`, which refuses versions other than the pinned ones.
"""
import hashlib
import importlib.metadata
import json
import os
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
root = here.parents[1]


def pinned():
    lines = (here / "requirements.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def record(script, *fixtures, packages):
    pins = pinned()
    for name in packages:
        if (found := importlib.metadata.version(name)) != pins[name]:
            raise SystemExit(f"{name} {found} is installed, {pins[name]} is pinned: pip install -r requirements.txt")
    script = pathlib.Path(script).resolve()
    # Scripts share formulas: those of another script are part of what made the fixture.
    modules = {pathlib.Path(module.__file__).resolve() for module in sys.modules.values() if getattr(module, "__file__", None)}
    imports = sorted(path for path in modules if path.parent == here and path not in (script, here / "provenance.py"))
    ledger = here / "provenance.json"
    entries = json.loads(ledger.read_text()) if ledger.exists() else {}
    for fixture in map(pathlib.Path, fixtures):
        entries[fixture.resolve().relative_to(root).as_posix()] = {
            "script": script.relative_to(root).as_posix(),
            "scriptSha256": digest(script),
            "imports": {path.relative_to(root).as_posix(): digest(path) for path in imports},
            "fixtureSha256": digest(fixture),
            "versions": {name: pins[name] for name in sorted(packages)},
        }
    aside = ledger.with_suffix(".part")
    aside.write_text(json.dumps(dict(sorted(entries.items())), indent=2) + "\n")
    os.replace(aside, ledger)
