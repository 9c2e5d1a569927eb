"""What the compiler says of a spec, as `pipewright stories` and `pipewright events` print it, and files that its gates pass or fail."""

import json
import re
import subprocess
import xml.etree.ElementTree as xml

# A step of a limit that no figure is read in.
STEP = 0.01
SEVERITY = {"critical": 9.5, "high": 8.0, "medium": 5.0, "low": 2.0, "any": 9.5}


class Spec:
    """The facts of one spec."""

    def __init__(self, pipewright, path):
        said = subprocess.run([pipewright, "stories", "--spec", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
        self.rows = [line.split("\t") for line in said.stdout.splitlines()]
        said = subprocess.run([pipewright, "events", "--target", "gitlab", "--spec", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
        self.events = {}
        for line in said.stdout.splitlines():
            event, job = line.split("\t")
            self.events.setdefault(event, []).append(job)

    def of(self, word):
        """The rows of a word, without it; those of gates that only report, too."""
        return [row[1:] for row in self.rows if row[0].removeprefix("advisory ") == word]

    def job(self, target, given):
        """The full name of a job (`workflow.job`) by the target's id of it."""
        return next((name for name, of, known in self.of("job") if (of, known) == (target, given)), None)

    def files(self, bad=()):
        """What the programs of each job write: `(job, path, content)`. The gates named fail."""
        made = {}
        measures = self.of("measure")
        for gate, job, path, how, where, *limit in measures:
            if how != "command":
                # The figures of several sources add up.
                sources = len({(row[2], row[4]) for row in measures if row[:2] == [gate, job]})
                made[job, path] = figure(how, where, value(*limit, bad=gate in bad) / sources, made.get((job, path)))
        for gate, job, path, form, severity, most in self.of("findings"):
            made[job, path] = findings(form, severity, int(most) + 1 if gate in bad else 0)
        for gate, job, path in self.of("junit"):
            case = '<testcase name="a"><failure message="no"/></testcase>' if gate in bad else '<testcase name="a"/>'
            made[job, path.replace("**/", "").replace("*", "x")] = f'<testsuites><testsuite name="s" tests="1">{case}</testsuite></testsuites>\n'
        read = {path: content for (_, path), content in made.items()}
        for job, path in self.of("makes"):
            path = path.removeprefix("./").replace("**/", "").replace("*", "x")
            path = path + "made" if path.endswith("/") else path
            made.setdefault((job, path), read.get(path, f"made by {job}\n"))
        return [(job, path, content) for (job, path), content in made.items()]

    def answers(self, bad=()):
        """What programs print: pairs of words in their line and the answer."""
        # Each vendor is asked in its own words whether a commit was deployed.
        found = [("/deployments?environment=", "1\n"), ("/deployments/1/statuses", "success\n"), ("/deployments", '[{"sha":"COMMIT"}]\n')]
        for gate, _, _, how, command, *limit in self.of("measure"):
            if how == "command":
                found.append((command.split()[0] if "/" in command.split()[0] else " ".join(command.split()[:2]), f"{value(*limit, bad=gate in bad):g}\n"))
        for gate, url, status in self.of("probe"):
            found.append((url, "500" if gate in bad else status))
        for gate, system, query, *limit in self.of("query"):
            number = f"{value(*limit, bad=gate in bad):g}"
            prometheus = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [0, number]}]}}
            sonar = {"component": {"measures": [{"metric": query, "value": number}]}}
            found.append((query, json.dumps(sonar if system == "sonar" else prometheus) + "\n"))
        return found


def value(scale, bound, limit, bad):
    """A figure on the right or on the wrong side of a limit."""
    up = (bound in ("at-least", "more-than")) != bad
    at = float(limit)
    return (at + (1 if up else -1) * max(abs(at) * 0.1, STEP)) / float(scale) if at or up else 0 if bound != "less-than" else -1 / float(scale)


def figure(how, where, number, before):
    """A file in which a figure stands at its place, beside those put there before."""
    if how == "regex":
        text = re.sub(r"\([^)]*\)", lambda _: f"{number:g}", where)
        return (before or "") + re.sub(r"\\(.)", r"\1", text) + "\n"
    if how == "xml":
        *path, last = where.strip("/").split("/")
        root = at = xml.Element(path[0])
        for name in path[1:]:
            at = xml.SubElement(at, name)
        if last.startswith("@"):
            at.set(last[1:], f"{number:g}")
        else:
            xml.SubElement(at, last).text = f"{number:g}"
        return xml.tostring(root, encoding="unicode") + "\n"
    if where == "length":
        return json.dumps(list(range(round(number)))) + "\n"
    root = json.loads(before) if (before or "").startswith("{") else {}
    *path, last = where.strip(".").split(".")
    at = root
    for name in path:
        at = at.setdefault(name, {})
    at[last] = number
    return json.dumps(root) + "\n"


def findings(form, severity, count):
    """A report with so many findings of one severity."""
    if form == "npm-audit":
        level = "critical" if severity == "any" else {"medium": "moderate"}.get(severity, severity)
        return json.dumps({"metadata": {"vulnerabilities": {"info": 0, "low": 0, "moderate": 0, "high": 0, "critical": 0, level: count}}, "vulnerabilities": {}}) + "\n"
    if form == "gitleaks":
        return json.dumps([{"RuleID": "a"}] * count) + "\n"
    if form == "trivy":
        return json.dumps({"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"Severity": severity.upper()}] * count}]}) + "\n"
    if form == "zap":
        code = {"high": "3", "medium": "2", "low": "1"}.get(severity, "3")
        return json.dumps({"site": [{"alerts": [{"riskcode": code, "alertRef": str(i), "pluginid": str(i)} for i in range(count)]}]}) + "\n"
    results = [{"ruleId": "a", "level": "error", "properties": {"security-severity": str(SEVERITY[severity])}}] * count
    return json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t", "rules": [{"id": "a"}]}}, "results": results}]}) + "\n"
