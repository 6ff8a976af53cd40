#!/usr/bin/env python3
"""Every crate of Cargo.lock, on every platform, has a licence that deny.toml allows; and no crate that it bans is there.

licences.py [DIRECTORY]

A small stand-in for cargo-deny, which is not on every machine: it reads the licences that crates declare, not their files.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path


def allowed(expression: str, licences: set[str]) -> bool:
    """Evaluates an SPDX expression; "/" is the old way to write OR, and "X+" is granted by X."""
    tokens = re.findall(r"[()]|[^\s()/]+|/", expression)
    result = []
    for token in tokens:
        operator = {"AND": "and", "OR": "or", "/": "or", "(": "(", ")": ")"}.get(token)
        if operator is None and result and result[-1] == "WITH":
            result[-2:] = [str(False)]  # no exception is granted so far
        elif token == "WITH":
            result.append(token)
        else:
            result.append(operator or str(token.removesuffix("+") in licences))
    return eval(" ".join(result))  # only True, False, and, or, and parentheses can stand here


def main(directory: str = ".") -> int:
    settings = tomllib.loads(Path(directory, "deny.toml").read_text("utf-8"))
    licences = set(settings["licenses"]["allow"])
    exceptions = {entry["crate"]: set(entry["allow"]) for entry in settings["licenses"]["exceptions"]}
    banned = {entry["crate"] for entry in settings["bans"]["deny"]}
    metadata = subprocess.run(
        ["cargo", "metadata", "--locked", "--format-version", "1"], check=True, capture_output=True, cwd=directory
    )
    packages = json.loads(metadata.stdout)["packages"]
    names = {package["name"] for package in packages}
    problems = [f"{name} is banned" for name in sorted(banned & names)]
    problems += [f"the exception for {name} is not needed" for name in sorted(exceptions.keys() - names)]
    for package in packages:
        expression = package["license"] or ""
        if not expression or not allowed(expression, licences | exceptions.get(package["name"], set())):
            problems.append(f"{package['name']} {package['version']}: {expression or 'no licence declared'}")
    for problem in problems:
        print(f"FAILED  {problem}")
    print(f"{len(packages)} crates read, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
