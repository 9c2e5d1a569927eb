"""Reads files of Kubernetes objects for `kubernetes.sh`.

    kubernetes.py same FILE OTHER    exit status 1 unless both hold the same objects, in whatever order
    kubernetes.py rules FILE         prints the groups of its PrometheusRules as Prometheus reads them; nothing where there are none
"""

import pathlib
import sys

import yaml


def objects(file):
    """The objects of a file, by what names them."""
    found = {}
    for item in yaml.safe_load_all(pathlib.Path(file).read_text(encoding="utf-8")):
        if item:
            found[item["kind"], item["metadata"]["name"]] = item
    return found


def same(left, right):
    """Says which objects differ."""
    left, right = objects(left), objects(right)
    differ = [name for name in sorted(left.keys() | right.keys()) if left.get(name) != right.get(name)]
    for kind, name in differ:
        print(f"{kind} {name} is not the same")
    return bool(differ) or not left


def rules(file):
    """Prints the groups of every PrometheusRule."""
    groups = [group for (kind, _), item in objects(file).items() if kind == "PrometheusRule" for group in item["spec"]["groups"]]
    if groups:
        yaml.safe_dump({"groups": groups}, sys.stdout, sort_keys=False)


if __name__ == "__main__":
    sys.exit({"same": same, "rules": rules}[sys.argv[1]](*sys.argv[2:]))
