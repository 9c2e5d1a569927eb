"""Writes JSON schemas that kubeconform can read.

    kubernetes-schemas.py core OUT VERSION...   Kubernetes' own kinds of each version, from the kubernetes-validate package
    kubernetes-schemas.py crd OUT CRD...        the custom kinds of resource definitions, without their prose

Both are strict: a field that nobody declared is refused. A schema is named as kubeconform looks for it, KIND-GROUP-VERSION.json.
"""

import json
import pathlib
import sys

import yaml

STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
METADATA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253},
        "namespace": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63},
        "labels": STRINGS,
        "annotations": STRINGS,
        "finalizers": {"type": "array", "items": {"type": "string"}},
    },
}


def core(out, *versions):
    """The package holds schemas that name each other by an address of their own; a file has to name the file beside it."""
    import kubernetes_validate

    package = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    for version in versions:
        folder = pathlib.Path(out) / version
        folder.mkdir(parents=True)
        for file in (package / f"v{version}.0-local-strict").glob("*.json"):
            schema = json.loads(file.read_text(encoding="utf-8").replace('"/api/_definitions.json#', '"_definitions.json#'))
            schema.pop("$id", None)
            (folder / file.name).write_text(json.dumps(schema), encoding="utf-8")


def strict(schema, root=False):
    """A definition's schema as plain JSON schema, in which what is not declared is refused."""
    kept = {}
    for key in ("type", "format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"):
        if key in schema:
            kept[key] = schema[key]
    for key in ("required", "oneOf", "anyOf", "allOf"):
        if key in schema:
            kept[key] = schema[key]
    # A server refuses these by their type; as formats they mean nothing to a reader of JSON schema.
    if kept.get("format") in ("int32", "int64", "double", "float", "byte", "password", "date-time"):
        del kept["format"]
    if schema.get("x-kubernetes-int-or-string"):
        kept = {"type": ["integer", "string"], **({"pattern": schema["pattern"]} if "pattern" in schema else {})}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            kept[key] = strict(schema[key])
    if "properties" in schema:
        kept["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        if root:
            text = {"type": "string"}
            kept["properties"] |= {"apiVersion": text, "kind": text, "metadata": METADATA}
            # What a controller reports is never written in a file.
            kept["properties"].pop("status", None)
            kept["required"] = sorted({"apiVersion", "kind", "metadata", *kept.get("required", [])} - {"status"})
        open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource")
        if not open_ended:
            kept.setdefault("additionalProperties", False)
    if schema.get("nullable") and isinstance(kept.get("type"), str):
        kept["type"] = [kept["type"], "null"]
    return kept


def crd(out, *files):
    """One schema for each served version of each definition."""
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    for file in files:
        for definition in yaml.safe_load_all(pathlib.Path(file).read_text(encoding="utf-8")):
            spec = definition["spec"]
            for version in spec["versions"]:
                if not version["served"]:
                    continue
                name = "-".join([spec["names"]["kind"].lower(), spec["group"].split(".")[0], version["name"]])
                schema = strict(version["schema"]["openAPIV3Schema"], root=True)
                text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
                (pathlib.Path(out) / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    {"core": core, "crd": crd}[sys.argv[1]](*sys.argv[2:])
