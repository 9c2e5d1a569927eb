"""Writes the shell scripts inside a GitHub action, a GitLab pipeline or a buildspec of AWS to files, so that shellcheck can read them.

    scripts.py OUT FILE...     prints the path of each script it wrote

What the vendor runs in one shell is one file: a step on GitHub, `before_script` with `script` on GitLab, a phase on CodeBuild.
What a buildspec writes to a file and runs is a file of its own.
"""

import pathlib
import re
import sys

import yaml


class Loader(yaml.SafeLoader):
    """Reads `on:` as text and GitLab's `!reference` as its path."""


Loader.yaml_implicit_resolvers = {
    first: [row for row in rows if row[0] != "tag:yaml.org,2002:bool"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_constructor("!reference", lambda loader, node: loader.construct_sequence(node))


def lines(value):
    """The lines of a GitLab script: text, or lists of lines in lists."""
    if isinstance(value, list):
        return [line for item in value for line in lines(item)]
    return [str(value)] if value is not None else []


def scripts(document):
    """Pairs of a name and a script."""
    for number, step in enumerate(document.get("runs", {}).get("steps", [])):
        if "run" in step:
            # An expression is replaced before the shell starts, so it stands for a word.
            yield f"step-{number}", re.sub(r"\$\{\{.*?\}\}", lambda found: "_" * len(found[0]), step["run"], flags=re.S)
    if "runs" in document or "phases" in document:
        for phase, rows in document.get("phases", {}).items():
            commands = rows.get("commands", [])
            for number, command in enumerate(commands):
                inner = re.fullmatch(r"cat > \S+ <<'SCRIPT'\n(.*)\nSCRIPT", command, flags=re.S)
                if inner:
                    yield f"{phase}-{number}", f"set -euo pipefail\n{inner[1]}"
            if commands:
                yield phase, "\n".join(commands)
        return
    for name, job in document.items():
        if not isinstance(job, dict):
            continue
        for part in (("before_script", "script"), ("after_script",)):
            text = [line for key in part for line in lines(job.get(key))]
            if text:
                # The runner starts every script so.
                yield f"{name}-{part[-1]}", "\n".join(["set -eo pipefail", *text])


def main(out, *files):
    """Writes every script of every file."""
    for number, file in enumerate(files):
        for document in yaml.load_all(pathlib.Path(file).read_text(encoding="utf-8"), Loader=Loader):
            for name, script in scripts(document):
                path = pathlib.Path(out) / (f"{number}-" + re.sub(r"[^A-Za-z0-9._-]+", "_", name) + ".sh")
                path.write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
                print(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
