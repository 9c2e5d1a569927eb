"""Plays the outputs of a spec: GitHub's with act in host mode, GitLab's with gitlab-ci-local's shell executor."""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from scripts import Loader  # noqa: E402

HERE = pathlib.Path(__file__).parent
UNIT, RECORD = "\x1f", "\x1e"
# Programs that run; every other one is a stand-in, so that nothing of a story reaches this machine or a network.
REAL = """[ awk base64 basename bash cat cmp comm cp cut date diff dirname env expr false find fold git grep head id jq join ln ls mkdir
mktemp mv nl node od paste pathchk printenv printf pwd python3 readlink realpath rev rm rmdir sed seq sh sha256sum shuf sort split stat stdbuf
tac tail tee test timeout touch tr true tsort uname uniq wc which xargs yes""".split()
# What the scripts of the outputs may call, beside what a spec's own lines call.
ALWAYS = """apk apt-get argocd aws chmod codecovcli curl date docker gh git glab go helm install kubectl npm npx pip python python3 node rsync sleep ssh ssh-keyscan ssh-agent ssh-add
sudo tar trivy gitleaks unzip wget yq""".split()
# Far more than a run takes: on a busy machine one that was cut off would look like a difference.
SECONDS = 900


class Run:
    """A folder in which one vendor plays one story."""

    def __init__(self, at, files, story):
        self.at = at
        for name in ("bin", "real", "home", "clock", "kept"):
            (at / name).mkdir(parents=True)
        for name in REAL:
            found = shutil.which(name)
            if found:
                (at / "real" / name).symlink_to(found)
        for name in sorted({*ALWAYS, *story.programs}):
            (at / "bin" / name).symlink_to(HERE / "program.sh")
        (at / "real" / "rsync").symlink_to(HERE / "rsync.sh")
        (at / "bin" / "rsync").unlink()
        self.repository = at / "repository"
        shutil.copytree(files, self.repository, symlinks=True)
        (at / "log").touch()
        (at / "home" / ".gitconfig").write_text("[user]\n\tname = ci\n\temail = ci@example.invalid\n[advice]\n\tdetachedHead = false\n")
        for address in [self.ORIGIN, *story.remotes]:
            remote = at / "remote" / address.removeprefix("https://")
            subprocess.run(["git", "clone", "-q", "--bare", self.repository, remote], check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["git", "remote", "set-url", "origin", self.ORIGIN], cwd=self.repository, check=True)
        (at / "names").write_text("".join(f"{name}\n" for name in story.names))
        self.story = story

    def keep(self, name, rows):
        """Writes rows for the stand-ins, each content in a file of its own."""
        lines = []
        for number, (*fields, content) in enumerate(rows):
            (self.at / "kept" / f"{name}-{number}").write_text(content)
            lines.append("\t".join([*fields, str(self.at / "kept" / f"{name}-{number}")]))
        (self.at / name).write_text("".join(f"{line}\n" for line in lines))

    def environment(self):
        path = f"{self.at}/bin:{self.at}/real"
        return {"PATH": path, "HOME": str(self.at / "home"), "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TMPDIR": str(self.at / "home")}

    def call(self, *words):
        """Runs the vendor's runner; what it says is kept in `said`."""
        with open(self.at / "said", "a", encoding="utf-8") as said:
            command = ["timeout", "-s", "KILL", str(SECONDS), *map(str, words)]
            status = subprocess.run(command, cwd=self.repository, env=self.environment(), stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False).returncode
        # `timeout` kills itself with the same signal.
        if status in (-9, 137):
            sys.exit(f"a run on {type(self).__name__} was not over after {SECONDS} seconds")
        return status

    def calls(self):
        """The log: each call with the job's full name."""
        for line in (self.at / "log").read_text(encoding="utf-8").split("\n")[:-1]:
            cell, workflow, job, step, folder, words, variables = line.split(RECORD)
            yield Call(cell, self.name(workflow, job), step, folder, words.split(UNIT), dict(v.split("=", 1) for v in variables.split(UNIT) if "=" in v), f"{job}{RECORD}{words.partition(UNIT + '<')[0]}")


class Call:
    """A program that a job called."""

    def __init__(self, cell, job, step, folder, words, variables, key):
        self.cell, self.job, self.step, self.folder, self.words, self.variables, self.key = cell, job, step, folder, words, variables, key


def event_fields(event):
    """The parts of an event as `pipewright events` prints it: kind, name, variables, changed files."""
    kind, name, *rest = event.split(":")
    target = rest.pop(0) if kind == "mr" else None
    changed = [field.removeprefix("changed=").split(",") for field in rest if field.startswith("changed=")]
    variables = dict(field.split("=", 1) for field in rest if not field.startswith("changed="))
    return kind, name, target, variables, (changed or [None])[0]


def workflows(root):
    """The workflows of a repository: path and content."""
    for path in sorted((root / ".github" / "workflows").glob("*.yml")):
        yield path, yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)


def variable(key):
    """GitLab's variable of an input."""
    return "INPUT_" + re.sub(r"\W", "_", key).upper()


def inputs(document, variables):
    """What a person types: what the event says, else the default, else anything."""
    on = document["on"]
    known = (on["workflow_dispatch"] or {}).get("inputs") or {} if isinstance(on, dict) and "workflow_dispatch" in on else {}
    return {key: variables.get(variable(key), str(known[key].get("default", f"any-{key}"))) for key in known}


class GitHub(Run):
    """act."""

    ORIGIN = "https://github.com/group/project"

    def name(self, workflow, job):
        return next((full for full, of, known in self.story.spec.of("job") if of == "github" and known == job and full.startswith(workflow + ".")), job)

    def failed(self):
        """The jobs that failed."""
        return re.findall(r"^Error: Job '(.*)' failed$", (self.at / "said").read_text(encoding="utf-8"), flags=re.M)

    def play(self, event):
        kind, name, target, variables, changed = event_fields(event)
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.repository, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        # The commit before: of a push that changes no file of a filter, the commit itself.
        before = subprocess.run(["git", "rev-parse", "HEAD~1"], cwd=self.repository, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        said = {"repository": {"default_branch": "main", "name": "project", "full_name": "group/project", "owner": {"login": "group"}}, "sender": {"login": "ci"}}
        on = {"push": "push", "tag": "push", "mr": "pull_request", "schedule": "schedule", "web": "workflow_dispatch"}[kind]
        if on == "push":
            said |= {"ref": f"refs/{'tags' if kind == 'tag' else 'heads'}/{name}", "before": before, "after": head, "head_commit": {"id": head, "message": "fix: change files", "author": {"name": "ci"}}}
        elif on == "pull_request":
            source = variables["CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"]
            said |= {"action": "opened", "number": 1, "pull_request": {"number": 1, "title": "Change files", "head": {"ref": name, "sha": head, "repo": {"full_name": source, "fork": source != "group/project"}}, "base": {"ref": target, "repo": {"full_name": "group/project"}}}}
        elif on == "schedule":
            said |= {"schedule": next(cron for known, cron in self.story.spec.of("schedule") if known == name), "ref": "refs/heads/main"}
        else:
            said |= {"ref": f"refs/heads/{name}"}
        status = 0
        for path, document in workflows(self.repository):
            if kind == "tag" and "release" in document["on"]:
                # To GitLab a tag and the release of it are one event.
                on, said = "release", {**said, "action": "published", "release": {"tag_name": name}}
            elif not starts(document, on, said, changed, variables.get("PIPEWRIGHT_WORKFLOW")):
                continue
            if on == "workflow_dispatch":
                said["inputs"] = inputs(document, variables)
            (self.at / "event.json").write_text(json.dumps(said))
            self.keep("make", [(f"{document['name']}{UNIT}{self.story.ids['github'].get(job, job)}", file, text) for job, file, text in self.story.files])
            self.keep("answers", self.story.answers)
            status |= self.act(on, path, document) != 0
        return status

    def act(self, on, path, document):
        used = set(re.findall(r"uses: ([^@\s]+)@(\S+)", path.read_text(encoding="utf-8")))
        given = {key for job in document["jobs"].values() for step in job.get("steps", []) for key in step.get("with") or {}}
        words = []
        for action, version in sorted(used):
            repository = "/".join(action.split("/")[:2])
            folder = self.at / "actions" / f"{repository}@{version}"
            inside = folder / action.removeprefix(repository).strip("/")
            inside.mkdir(parents=True, exist_ok=True)
            (inside / "action.yml").write_text(json.dumps({
                "name": action,
                "description": "stand-in",
                "inputs": {key: {"description": key} for key in sorted(given)},
                "outputs": {key: {"description": key, "value": f"${{{{ steps.made.outputs.{key} }}}}"} for key in ("digest", "registry", "cache-hit")},
                "runs": {"using": "composite", "steps": [{"id": "made", "shell": "bash", "env": {"INPUTS": "${{ toJSON(inputs) }}"}, "run": f"'{sys.executable}' '{HERE}/standin.py' {action} '{self.at}'"}]},
            }))
            words += ["--local-repository", f"{repository}@{version}={folder}"]
        if on == "pull_request":
            # On GitHub it is `branch` or `tag`; act leaves it empty.
            words += ["--env", "GITHUB_REF_TYPE=branch"]
        for label in runners(document):
            words += ["-P", f"{label}=-self-hosted"]
        for name, value in self.story.secrets.items():
            words += ["--secret", f"{name}={value}"]
        for name, value in self.story.variables.items():
            words += ["--var", f"{name}={value}"]
        # It knows neither key yet; both say how a deployment is shown and queued.
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\n *(queue: max|deployment: false)(?=\n)", "", text)
        # Host mode has no containers: neither of a job nor beside it.
        path.write_text(re.sub(r"^( *)(?:container|services):( .*)?\n(?:\1 +.*\n)*", "", text, flags=re.M), encoding="utf-8")
        # Each step of act's has a terminal of its own, and now and then one is hung up while its shell runs ("signal: hangup"): seen once in some
        # thousand steps on a busy machine. GitHub's steps have no terminal that could be.
        return self.call(
            shutil.which("sh"), "-c", "trap '' HUP; exec \"$@\"", "act", shutil.which("act"), on, "-C", self.repository, "-W", path, "-e", self.at / "event.json", "--defaultbranch", "main", "--actor", "ci",
            "--no-skip-checkout", "--action-offline-mode", "--action-cache-path", self.at / "cache", "--no-cache-server", "--container-daemon-socket", "-",
            "--pull=false", "--env-file", "/dev/null", "--secret-file", "/dev/null", "--var-file", "/dev/null", "--input-file", "/dev/null",
            "--secret", "GITHUB_TOKEN=token", *words,
        )


def runners(document):
    """The labels that jobs ask for."""
    for job in document["jobs"].values():
        asked = job.get("runs-on", [])
        cells = (job.get("strategy") or {}).get("matrix") or {}
        yield from [asked] if isinstance(asked, str) else asked if isinstance(asked, list) else asked.get("labels", [])
        yield from (value for values in cells.values() if isinstance(values, list) for value in values if isinstance(value, str))
    yield from ("ubuntu-24.04", "ubuntu-24.04-arm", "windows-2025", "windows-latest", "macos-15", "macos-latest")


def glob(pattern):
    """GitHub's patterns of names and paths, as an expression."""
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        elif pattern[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif pattern[at] in "?+":
            out, at = out + pattern[at], at + 1
        elif pattern[at] == "[" and "]" in pattern[at:]:
            end = pattern.index("]", at) + 1
            out, at = out + pattern[at:end], end
        elif pattern[at] == "\\":
            out, at = out + re.escape(pattern[at + 1]), at + 2
        else:
            out, at = out + re.escape(pattern[at]), at + 1
    return re.compile(out + r"\Z")


def accepted(patterns, name):
    """Whether a name is taken by a list of patterns, of which the last that fits decides."""
    taken = False
    for pattern in patterns:
        if glob(pattern.removeprefix("!")).match(name):
            taken = not pattern.startswith("!")
    return taken


def starts(document, on, said, changed, asked):
    """Whether an event starts a workflow: act looks at the kind of the event only."""
    events = document["on"]
    events = {events: None} if isinstance(events, str) else dict.fromkeys(events) if isinstance(events, list) else events
    if on not in events:
        return False
    if on == "workflow_dispatch":
        return asked is None or document["name"] == asked
    if on == "schedule":
        return any(row["cron"] == said["schedule"] for row in events[on])
    clause = events[on] or {}
    ref = said.get("ref", "")
    if on == "pull_request":
        names = [("branches", said["pull_request"]["base"]["ref"])]
    elif ref.startswith("refs/tags/"):
        # With a filter of branches alone, no tag starts it.
        names = [("tags", ref.removeprefix("refs/tags/"))] if "tags" in clause or "tags-ignore" in clause or "branches" not in clause and "branches-ignore" not in clause else None
    else:
        names = [("branches", ref.removeprefix("refs/heads/"))] if "branches" in clause or "branches-ignore" in clause or "tags" not in clause and "tags-ignore" not in clause else None
    if names is None:
        return False
    for key, name in names:
        if key in clause and not accepted(clause[key], name) or key + "-ignore" in clause and accepted(clause[key + "-ignore"], name):
            return False
    if changed is not None and not ref.startswith("refs/tags/"):
        if "paths" in clause and not any(accepted(clause["paths"], path) for path in changed):
            return False
        if "paths-ignore" in clause and all(accepted(clause["paths-ignore"], path) for path in changed):
            return False
    return True


def is_manual(document, job):
    """Whether somebody presses the button of a job, by its own rules or by those it extends."""
    body = document.get(job)
    if not isinstance(body, dict):
        return False
    bases = body.get("extends", [])
    rules = [body, *(rule for rule in body.get("rules") or [] if isinstance(rule, dict))]
    return any(rule.get("when") == "manual" for rule in rules) or any(is_manual(document, base) for base in ([bases] if isinstance(bases, str) else bases))


class GitLab(Run):
    """gitlab-ci-local."""

    ORIGIN = "https://gitlab.example.com/group/project.git"

    def name(self, _, job):
        return self.story.spec.job("gitlab", job) or job

    def failed(self):
        """The jobs that failed."""
        return re.findall(r"^ FAIL +(?:[\d.]+ m?s +)?(.*?) *$", (self.at / "said").read_text(encoding="utf-8"), flags=re.M)

    def play(self, event):
        kind, name, target, variables, changed = event_fields(event)
        path = self.repository / ".gitlab-ci.yml"
        text = path.read_text(encoding="utf-8")
        # No service is started and no image taken: with one, the tool takes a path in a container for the folder of the job.
        text = re.sub(r"/dev/tcp/[\w.-]+/\w+", "/dev/null", text)
        text = re.sub(r"^( *)(?:image|services):( .*)?\n(?:\1 +.*\n)*", "", text, flags=re.M)
        path.write_text(re.sub(r"^default:\n(?! )", "", text, flags=re.M), encoding="utf-8")
        self.keep("make", [(f"{UNIT}{self.story.ids['gitlab'].get(job, job)}", file, content) for job, file, content in self.story.files])
        self.keep("folders", [(re.sub(r"[^\w-]+", lambda odd: base64.urlsafe_b64encode(odd[0].encode()).decode().rstrip("="), self.story.ids["gitlab"].get(job, job)), file, content) for job, file, content in self.story.files])
        self.keep("answers", self.story.answers)
        source = {"push": "push", "tag": "push", "mr": "merge_request_event", "schedule": "schedule", "web": "web"}[kind]
        given = {**self.story.variables, **self.story.secrets, "CI_PIPELINE_SOURCE": source, **variables}
        for _, document in workflows(self.repository):
            if kind == "web" and document["name"] == variables.get("PIPEWRIGHT_WORKFLOW", document["name"]):
                given |= {variable(key): value for key, value in inputs(document, variables).items()}
        words = []
        if kind == "tag":
            given |= {"CI_COMMIT_TAG": name, "CI_COMMIT_REF_NAME": name}
        if kind == "mr":
            given |= {"CI_MERGE_REQUEST_IID": "1", "CI_MERGE_REQUEST_EVENT_TYPE": "detached", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": name, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": target, "CI_MERGE_REQUEST_TITLE": "Change files"}
        if kind == "schedule":
            given["PIPEWRIGHT_SCHEDULE"] = name
        if kind in ("tag", "mr"):
            words += ["--unset-variable", "CI_COMMIT_BRANCH"]
        words += ["--ignore-predefined-vars", ",".join(key for key in given if key.startswith("CI_"))]
        for key, value in given.items():
            words += ["--variable", f"{key}={value}"]
        if changed is None:
            words.append("--no-evaluate-rule-changes")
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)
        manual = [job for job in document if job in self.story.spec.events[event] and is_manual(document, job)]
        for job in manual:
            words += ["--manual", job]
        return self.call(
            shutil.which("node"), "--import", HERE / "runner.mjs", shutil.which("gitlab-ci-local"), "--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--no-json-schema-validation", *words,
        )
