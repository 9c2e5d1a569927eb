"""What gitlab-ci-local leaves out of its table of jobs: `workflow: rules`, and what stands for them when there are none.

    events.py probe FILE          adds a job with the workflow's rules to the pipeline in FILE
    events.py rows FILE EVENT     reads the tool's list of jobs and prints `event<TAB>job<TAB>when`, or `event<TAB>-`
"""

import json
import pathlib
import re
import sys

import yaml

from scripts import Loader

PROBE = "pipewright workflow rules"


def read(path):
    """The text of a pipeline and what it says: the last document, since the inputs may stand in one before it."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    return text, list(yaml.load_all(text, Loader=Loader))[-1]


def workflow_rules(document):
    """The rules that decide whether there is a pipeline; None when every event may make one."""
    return (document.get("workflow") or {}).get("rules")


def probe(path):
    """Lets the tool itself evaluate the workflow's rules, as those of a job."""
    text, document = read(path)
    kept = ("if", "changes", "exists", "when")
    rules = workflow_rules(document)
    rules = [{"when": "always"}] if rules is None else [{key: rule[key] for key in kept if key in rule} for rule in rules]
    job = {"stage": ".pre", "script": ["true"], "rules": rules}
    # JSON is YAML, and the rest of the file stays as it was written.
    pathlib.Path(path).write_text(f"{text.rstrip()}\n{json.dumps({PROBE: job})[1:-1]}\n", encoding="utf-8")


def has_rules(document, name):
    """Whether a job has rules of its own or by `extends`."""
    job = document.get(name, {})
    bases = job.get("extends", [])
    return "rules" in job or any(has_rules(document, base) for base in ([bases] if isinstance(bases, str) else bases))


def rows(path, event):
    """The jobs of a matrix are one row."""
    running = [job for job in json.load(sys.stdin) if job["when"] != "never"]
    if not any(job["name"] == PROBE for job in running):
        running = []
    document = read(path)[1]
    del document[PROBE]
    workflow = workflow_rules(document)
    found = set()
    for job in running:
        name = re.sub(r": \[.*\]$", "", job["name"])
        # GitLab gives a job without rules `only: [branches, tags]`, unless the workflow has rules.
        absent = event.startswith("mr:") and workflow is None and not has_rules(document, name)
        if name != PROBE and not absent:
            found.add((name, job["when"]))
    for row in sorted(found) or [("-",)]:
        print(event, *row, sep="\t")


{"probe": probe, "rows": rows}[sys.argv[1]](*sys.argv[2:])
