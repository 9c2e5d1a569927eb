#!/usr/bin/env python3
"""Stands in for `gh` and `glab`: keeps what is sent below $STATE, and answers with it in the form of the vendors' own interfaces."""
import json, os, re, subprocess, sys
from urllib.parse import unquote

STATE = os.environ["STATE"]
words = sys.argv[1:]
os.makedirs(STATE, exist_ok=True)


def load(name, default):
    path = os.path.join(STATE, name)
    return json.load(open(path)) if os.path.exists(path) else default


def save(name, value):
    json.dump(value, open(os.path.join(STATE, name), "w"))


def option(*names):
    for name in names:
        if name in words:
            return words[words.index(name) + 1]


def answer(value):
    filter = option("--jq")
    text = json.dumps(value)
    if filter:
        text = subprocess.run(["jq", "-r", filter], input=text, capture_output=True, text=True, check=True).stdout.rstrip("\n")
    if text:
        print(text)
    sys.exit(0)


def missing():
    print("404 Not Found", file=sys.stderr)
    sys.exit(1)


with open(os.path.join(STATE, "log"), "a") as log:
    log.write(" ".join(words) + "\n")

if words[0] in ("secret", "variable"):
    name = f"{words[0]} {option('--env') or ''}"
    known = load(name, {})
    if words[1] == "set":
        known[words[2]] = sys.stdin.read()
        save(name, known)
        sys.exit(0)
    answer([{"name": k, "value": v} for k, v in known.items()])

assert words[0] == "api", words
skip = {"--header", "--method", "--input", "--jq"}
path, at = None, 1
while at < len(words):
    if words[at] in skip:
        at += 2
    elif words[at].startswith("--"):
        at += 1
    else:
        path, at = words[at], at + 1
method = option("--method") or "GET"
body = json.loads(sys.stdin.read()) if "--input" in words else None
path, _, query = path.partition("?")
parts = [unquote(p) for p in path.strip("/").split("/")]
things = load("things", {})
key = "/".join(parts)


def number():
    things["counter"] = things.get("counter", 0) + 1
    return things["counter"]


def collection(name):
    return things.setdefault(name, [])


if parts[0] == "orgs":
    answer({"id": 7, "slug": parts[3]})
if parts[0] == "groups":
    answer({"id": 7, "full_path": "example/devops"})

if parts[0] == "repos":
    kind, rest = parts[3], parts[4:]
    if kind == "environments":
        environments = things.setdefault("environments", {})
        if method == "PUT":
            kept = environments.get(rest[0], {"refs": []})
            environments[rest[0]] = {**kept, "body": body}
        elif len(rest) >= 2 and method == "POST":
            environments[rest[0]]["refs"].append({"id": number(), **body})
        elif len(rest) >= 2 and method == "DELETE":
            environments[rest[0]]["refs"] = [r for r in environments[rest[0]]["refs"] if str(r["id"]) != rest[2]]
        elif len(rest) >= 2:
            answer({"branch_policies": environments[rest[0]]["refs"]})
        else:
            rows = []
            for name, e in environments.items():
                people = [{"type": r["type"], "reviewer": {"slug": "devops"}} for r in e["body"]["reviewers"]]
                rule = {"type": "required_reviewers", "prevent_self_review": e["body"]["prevent_self_review"], "reviewers": people}
                rules = [rule] if people else []
                rows.append({"name": name, "protection_rules": rules, "deployment_branch_policy": e["body"]["deployment_branch_policy"]})
            answer({"environments": rows})
    elif kind == "rulesets":
        rules = collection("rulesets")
        if method == "POST":
            rules.append({"id": number(), **body})
        elif method == "PUT":
            things["rulesets"] = [{"id": r["id"], **body} if str(r["id"]) == rest[0] else r for r in rules]
        elif rest:
            answer(next(r for r in rules if str(r["id"]) == rest[0]))
        else:
            answer(rules)
    save("things", things)
    sys.exit(0)

kind, rest = (parts[2:3] or [""])[0], parts[3:]
if not kind or kind == "approvals":
    known = things.setdefault("project" + kind, {})
    if body is None:
        answer(known)
    known.update(body)
elif kind == "pipeline_schedules" and len(rest) >= 2:
    row = next(r for r in collection(kind) if str(r["id"]) == rest[0])
    row["variables"] = [v for v in row["variables"] if v["key"] != body["key"]] + [body]
else:
    rows = collection(kind)
    same = lambda r: rest and rest[0] in (str(r.get("id")), r.get("name"), r.get("key")) and (not query.startswith("filter") or r["environment_scope"] in unquote(query))
    if method == "GET" and not rest:
        answer(rows)
    if method == "GET":
        answer(next((r for r in rows if same(r)), None) or missing())
    if method == "DELETE":
        things[kind] = [r for r in rows if not same(r)]
    if method == "PUT":
        things[kind] = [{**r, **body} if same(r) else r for r in rows]
    if method == "POST":
        row = {"id": number(), **body}
        if kind == "protected_branches":
            row["push_access_levels"] = [{"access_level": body["push_access_level"]}]
            row["merge_access_levels"] = [{"access_level": body["merge_access_level"]}]
        if kind == "approval_rules":
            row["protected_branches"] = [b for b in collection("protected_branches") if b["id"] in body["protected_branch_ids"]]
        if kind == "pipeline_schedules":
            row["variables"] = []
            rows.append(row)
            save("things", things)
            answer(row)
        rows.append(row)
save("things", things)
