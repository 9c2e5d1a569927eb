"""Plays the stories of examples on both vendors with stand-ins for every program, and compares what the jobs called.

    play.py PIPEWRIGHT SPEC OUTPUTS [EVENT...]       exit status 1: a difference, or a run that cannot be compared

The stories: all goes well, for few events that start every job; then once for each example a test that fails, a deploy that fails, and
a gate that is below its limit. What is expected is not written down: the two vendors must do the same.
"""

import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

from calls import jobs, plain, shown
from aws import Aws, CodeBuild, CodePipeline, Refused
from spec import Spec
from variant import Variant
from vendors import REAL, GitHub, GitLab, event_fields
from scripts import Loader

ON_AWS = {"codebuild": CodeBuild, "codepipeline": CodePipeline}

COMMAND = re.compile(r"(?:^|[|;&(!{]|\b(?:if|then|else|do|until|while|time|exec|sudo|env|xargs|not|command -v)\b)\s*([A-Za-z][\w.+-]*)(?=[\s;)]|$)", re.M)
# A program of the repository: a path in a place where a command stands, or behind an interpreter.
OWN = re.compile(r"(?:^|[|;&(!{]|\b(?:if|then|do|bash|sh)\b)\s*((?:\./|[\w-]+/)[\w./-]+)(?=[\s;)\"']|$)", re.M)
INSIDE = re.compile(r"(?:\bcd |working-directory: )[\"']?([\w./-]+)")


class Story:
    """What happens on the way: which gates fail, which calls fail."""

    def __init__(self, spec, texts, bad=(), fail=None):
        self.spec = spec
        self.files, self.answers, self.fail = spec.files(bad), spec.answers(bad), fail or {}
        text = "\n".join(texts)
        lines = re.sub(r"^ *- ", "", text, flags=re.M)
        lines = re.sub(r"^\s*run: ", "", lines, flags=re.M)
        self.programs = {word for word in COMMAND.findall(lines) if word not in REAL}
        self.own = {path for path in OWN.findall(lines) if not path.startswith(("/", "../"))}
        self.folders = {folder for folder in INSIDE.findall(text) if not folder.startswith(("/", ".."))}
        self.wanted = set(re.findall(r"\btest -[sfe] [\"']?([\w./-]+)", text))
        # A file in the folder of an artifact is made by the job that publishes it, every other one lies in the repository.
        made = {(job, path) for path in self.wanted for job, place in spec.of("makes") if path == place or place.endswith("/") and path.startswith(place)}
        self.files += [(job, path, f"made by {job}\n") for job, path in sorted(made - {row[:2] for row in self.files})]
        self.wanted -= {path for _, path, _ in self.files}
        self.remotes = sorted(set(re.findall(r"git clone [^\n]*?(https://[^\s'\"]+)", text)))
        self.refs = sorted(set(re.findall(r"^ +ref: ([\w./-]+)$", text, flags=re.M)))
        self.secrets = {name: f"secret of {name}" for name in sorted(set(re.findall(r"\bsecrets\.(\w+)", text)) - {"GITHUB_TOKEN"})}
        self.variables = {name: f"value-of-{name}" for name in sorted(set(re.findall(r"\bvars\.(\w+)(?! *\|\|)", text)))}
        self.names = sorted(set(re.findall(r"^ +([A-Z][A-Z0-9_]*): ", "\n".join(texts), flags=re.M)))
        self.ids = {target: {full: known for full, of, known in spec.of("job") if of == target} for target in ("github", "gitlab")}


def repository(at, outputs, story, changed):
    """A repository with the outputs, the programs that they call by a path, and a last commit that changes the files."""
    shutil.copytree(outputs, at, symlinks=True)
    # A file on standby is played where it would stand.
    if (at / "standby").is_dir():
        shutil.copytree(at / "standby", at, dirs_exist_ok=True)
    for folder in {"src", *story.folders}:
        (at / folder).mkdir(parents=True, exist_ok=True)
        (at / folder / ".keep").touch()
    made = [file for _, file, _ in story.files]
    for path in [path for path in story.own if not any(f"/{file}".find(f"/{path.removeprefix('./')}") >= 0 for file in made)]:
        for folder in ["", *story.folders]:
            program = at / folder / path
            if not any(parent.is_file() for parent in program.parents) and not program.exists():
                program.parent.mkdir(parents=True, exist_ok=True)
                program.write_text(f'#!/bin/bash\nexec program {path.removeprefix("./")} "$@"\n')
                program.chmod(0o755)
    for path in story.wanted:
        if not any(parent.is_file() for parent in (at / path).parents):
            (at / path).parent.mkdir(parents=True, exist_ok=True)
            (at / path).write_text("here\n")
    story.programs.add("program")
    git = {"GIT_AUTHOR_DATE": "2026-01-05T10:00:00Z", "GIT_COMMITTER_DATE": "2026-01-05T10:00:00Z", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": os.environ["PATH"]}

    def call(*words):
        subprocess.run(["git", *words], cwd=at, env=git, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    call("init", "-q", "-b", "main")
    # A commit starts maintenance behind one's back, which makes and removes files while the repository is copied.
    call("config", "maintenance.auto", "false")
    call("config", "gc.auto", "0")
    call("config", "user.name", "ci")
    call("config", "user.email", "ci@example.invalid")
    (at / ".git" / "info" / "exclude").write_text(".gitlab-ci-local/\n")
    call("add", "-A")
    call("commit", "-q", "-m", "ci: add the pipeline")
    call("remote", "add", "origin", "https://gitlab.example.com/group/project.git")
    call("update-ref", "refs/remotes/origin/main", "HEAD")
    call("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    for ref in story.refs:
        call("branch", ref)
    for path in changed or ["CHANGED"]:
        (at / path).parent.mkdir(parents=True, exist_ok=True)
        with open(at / path, "a", encoding="utf-8") as file:
            file.write("changed\n")
    call("add", "-A")
    call("commit", "-q", "-m", "fix: change files")
    return call


def play(work, group, story, event):
    """The runs of one story, one for each vendor. `story.fail` says which calls fail, as lines of the log for each vendor."""
    kind, name, _, _, changed = event_fields(event)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    call = repository(work / "files", group.outputs, story, changed)
    if kind in ("push", "web", "mr"):
        call("checkout", "-q", "-B", name)
    if kind == "tag":
        call("tag", name)
    runs = []
    for vendor in group.vendors:
        run = vendor(work / vendor.__name__, work / "files", story)
        (run.at / "fail").write_text("".join(f"{line}\n" for line in story.fail.get(vendor, ())))
        run.refused = None
        try:
            run.status = run.play(event)
        except Refused as refused:
            run.status, run.refused = 1, f"{vendor.__name__} refuses it: {refused}"
        runs.append(run)
    return runs


def compare(runs, needs):
    """The differences between the first run and the others, as text."""
    found = [run.refused for run in runs if run.refused]
    # PowerShell has no stand-ins; the check of drift is asked of each vendor for itself.
    other = {call.job for run in runs for call in run.calls() if call.words[0] in ("pwsh", "pipewright")}
    first, *others = runs
    left = jobs(first.calls(), other)
    for run in others:
        right = jobs(run.calls(), other)
        for job in sorted({*left, *right}):
            if job not in right and excused(run, job):
                continue
            one, two = shown(left.get(job, [])), shown(right.get(job, []))
            if one != two:
                names = [f"{job} on {type(run).__name__}" for run in (first, run)]
                found += [line.rstrip("\n") for line in difflib.unified_diff(one, two, *names, lineterm="", n=1)]
        if (first.status == 0) != (run.status == 0):
            found.append("the run " + ", ".join(f"{'passed' if one.status == 0 else 'failed'} on {type(one).__name__}" for one in (first, run)))
    for run in runs:
        order = [call.job for call in run.calls()]
        for job, before in needs:
            if job in order and before in order and order.index(job) < len(order) - 1 - order[::-1].index(before):
                found.append(f"{job} began before {before} ended on {type(run).__name__}")
    return found


def excused(run, job):
    """Whether a job may be missing: a failure ends a pipeline on AWS, and what a run as a whole tells people is told by AWS itself there."""
    return isinstance(run, Aws) and job.startswith("notify ") or isinstance(run, CodePipeline) and run.status != 0 and job not in run.failed()


def needs(outputs, spec):
    """Pairs of a job and one that must end before it, of GitHub's workflows."""
    found = set()
    for path in placed(outputs, ".github/workflows/*.yml"):
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)
        names = {full: known for full, of, known in spec.of("job") if of == "github" and full.startswith(document["name"] + ".")}
        direct = {job: ([body["needs"]] if isinstance(body.get("needs"), str) else body.get("needs", [])) for job, body in document["jobs"].items()}
        for full, known in names.items():
            waiting, seen = list(direct.get(known, [])), set()
            while waiting:
                job = waiting.pop()
                if job not in seen:
                    seen.add(job)
                    waiting += direct.get(job, [])
            found |= {(full, other) for other, known in names.items() if known in seen}
    return sorted(found)


def chosen(events):
    """Few events that start every job: each adds a job that no event before it starts, the most first."""
    left, out, seen = dict(events), [], {"-"}
    while left:
        event = max(left, key=lambda event: len({*left[event]} - seen))
        if not {*left[event]} - seen:
            break
        out.append(event)
        seen |= {*left.pop(event)}
    return out


def failing(runs, pick):
    """The calls of each run that are, in the words of no vendor, the first call picked."""
    # Jobs run beside one another: the first is that of the first job by name.
    for call in sorted(runs[0].calls(), key=lambda call: call.job):
        line = plain(call)
        if line is not None and pick(call):
            same = {type(run): {other.key for other in run.calls() if (other.job, plain(other)) == (call.job, line)} for run in runs}
            if all(same.values()):
                return call.job, line, same
    return None


def stories(spec, texts, runs, after):
    """The stories in which something fails, each with its name: those that this event can tell."""
    ran = {call.job for call in runs[0].calls()}
    deploys = {row[0] for row in spec.of("deploys")}
    tests = {before for job, before in after if job in ran} - deploys
    found = failing(runs, lambda call: call.job in tests)
    if found:
        yield "a failing test", f"{found[0]}: {found[1]}", Story(spec, texts, fail=found[2])
    found = failing(runs, lambda call: call.job in deploys and call.step == "deploy")
    if found:
        yield "a failing deploy", f"{found[0]}: {found[1]}", Story(spec, texts, fail=found[2])
    gates = [row[1:3] for row in spec.rows if row[0] in ("measure", "findings", "junit") and row[2] in ran]
    if gates:
        yield "a gate below its limit", f"{gates[0][1]}: {gates[0][0]}", Story(spec, texts, bad=[gates[0][0]])


def checked(runs):
    """Whether both runs failed by nothing but a check of names and messages: no event of the spec need keep to those."""
    return all(set(run.failed()) <= {"branch-name", "commit-messages"} for run in runs)


def believed(again, found_in):
    """Runs whose comparison stands, and what it found. A difference is one when a second play shows one, too: what a vendor's file says does not
    change from run to run, but the vendors' runners do many things at one time, and each has lost a job before now. What the first play
    showed is printed, with what the runners said of it."""
    runs = again()
    found = found_in(runs)
    if not found:
        return runs, found
    first = [*found, *complaints(runs)]
    runs = again()
    found = found_in(runs)
    if not found:
        print("       played twice; the first time:")
        for line in first:
            print(f"       | {line}")
    return runs, found


COMPLAINT = re.compile(r"❌|🚧|level=(?:error|fatal)|^Error:|Traceback|\w+(?:Error|Exception): |No such file|cannot |fatal: |signal: |Killed|not found$")


def complaints(runs):
    """What the runners said that may tell why a run ended as it did."""
    for run in runs:
        said = run.at / "said"
        lines = said.read_text(encoding="utf-8", errors="replace").splitlines() if said.exists() else []
        for line in [line for line in lines if COMPLAINT.search(line)][:20]:
            yield f"{type(run).__name__} said: {line[:200]}"


def report(title, runs, found):
    """Prints how a story ended."""
    calls = ", ".join(f"{len(list(run.calls()))} on {type(run).__name__}" for run in runs)
    title = title if len(title) < 160 else f"{title[:150]}…)"
    print(f"  {'FAIL' if found else 'ok  '} {title}: calls {calls}" + ("" if runs[0].status == 0 else ", failed"), flush=True)
    for line in found:
        print(f"       {line}")
    for line in complaints(runs) if found else []:
        print(f"       {line}")
    return bool(found)


class Group:
    """Outputs of several vendors that lie in one repository, and what is known of their spec."""

    def __init__(self, title, outputs, spec, vendors):
        self.title, self.outputs, self.spec, self.vendors = title, outputs, spec, vendors
        self.hosts = {path.relative_to(outputs): path.read_text(encoding="utf-8") for path in placed(outputs, ".github/workflows/*.yml", ".gitlab-ci.yml")}
        self.read()

    def read(self):
        self.workflows = [path.read_text(encoding="utf-8") for path in placed(self.outputs, ".github/workflows/*.yml")]
        self.texts = self.workflows + [path.read_text(encoding="utf-8") for path in placed(self.outputs, ".gitlab-ci.yml", ".codebuild/*/*.yml", ".codepipeline/*/*.yml")]
        self.needs = needs(self.outputs, self.spec)

    def join(self, other, target):
        """Takes the outputs for AWS of a variant that is the same for the hosts."""
        for path in placed(other.outputs, f".{target}/**/*.yml"):
            into = self.outputs / path.relative_to(other.outputs)
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, into)
        self.vendors.append(ON_AWS[target])
        self.read()

    def unlike(self, failed, name, what, before):
        """What is wrong with the runs of a story in which something fails; `before` are the calls when all goes well."""
        found = compare(failed, self.needs)
        if failed[0].status == 0 and not self.may_fail(what.split(":")[0].split(".")[-1]):
            found.append("the run passed")
        new = {(call.job, plain(call)) for call in failed[0].calls()} - before
        if name == "a failing deploy" and "name: Roll back" in "".join(self.texts) and not new:
            found.append("nothing is rolled back")
        return found

    def may_fail(self, job):
        """Whether the failure of a job is forgiven."""
        documents = [yaml.load(text, Loader=Loader) for text in self.workflows]
        return any((document["jobs"].get(job) or {}).get("continue-on-error") for document in documents)

    def play(self, work, events):
        """Plays the stories; 1 when vendors differ."""
        status, told = 0, set()
        for event in events or chosen(self.spec.events):
            runs, found = believed(lambda: play(work, self, Story(self.spec, self.texts), event), lambda runs: compare(runs, self.needs))
            stuck = [] if checked(runs) else sorted({job for run in runs if run.status != 0 for job in run.failed()})
            status |= report(f"{self.title}, {event.split(':CI_')[0]}", runs, found)
            if stuck and not found:
                print(f"       not played to the end: {', '.join(stuck)}, the same on all: a stand-in gives no answer that satisfies it")
            for job in sorted({call.job for call in runs[0].calls() if call.words[0] == "pwsh"}):
                print(f"       not compared: {job}, which speaks PowerShell")
            if found:
                continue
            for name, what, story in list(stories(self.spec, self.texts, runs, self.needs)):
                if name in told:
                    continue
                told.add(name)
                before = {(call.job, plain(call)) for call in runs[0].calls()}
                failed, found = believed(lambda: play(work.with_suffix(".story"), self, story, event), lambda failed: self.unlike(failed, name, what, before))
                status |= report(f"{self.title}, {name} ({what})", failed, found)
        return status


def placed(root, *patterns):
    """The files below a root that are written for a place, those on standby for their later one."""
    return [path for pattern in patterns for path in sorted([*root.glob(pattern), *root.glob(f"standby/{pattern}")])]


def groups(pipewright, path, outputs, work):
    """The groups that an example is played in: its own outputs, and those of variants that are written for AWS as well."""
    both = all(placed(outputs, pattern) for pattern in (".github/workflows/*.yml", ".gitlab-ci.yml"))
    shutil.copytree(outputs, work / "own", symlinks=True)
    found = [Group(outputs.name, work / "own", Spec(pipewright, path), [GitHub, GitLab])] if both else []
    mine = {target for target in ON_AWS if placed(outputs, f".{target}/**/*.yml")}
    for target in sorted(mine) or ON_AWS:
        folder, out = work / f"spec-{target}", work / f"outputs-{target}"
        shutil.copytree(pathlib.Path(path).parent, folder)
        variant = Variant(pipewright, pathlib.Path(path), folder, ["github", "gitlab", target])
        for message in variant.left_out:
            print(f"       left out to be played on {target}: {message}")
        said = variant.reason or variant.build(out)
        if said:
            print(f"  not played on {target}: {outputs.name}: {said}")
            continue
        group = Group(f"{outputs.name} as it is on {target}", out, Spec(pipewright, variant.path), [GitHub] if both else [GitHub, GitLab])
        same = next((one for one in found if one.hosts == group.hosts), None)
        if same is None:
            found.append(group)
            group.vendors.append(ON_AWS[target])
        else:
            same.join(group, target)
    return found


def main(pipewright, path, outputs, *events):
    outputs = pathlib.Path(outputs).resolve()
    work = pathlib.Path(os.environ["PIPEWRIGHT_WORK"]) / outputs.name
    status = 0
    for number, group in enumerate(groups(pipewright, path, outputs, work)):
        status |= group.play(work / f"play-{number}", events)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
