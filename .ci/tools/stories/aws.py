"""Plays the outputs for AWS: batches of CodeBuild and pipelines of CodePipeline, by the rules that AWS documents.

No runner of AWS's can be installed, so its rules are written down here, each beside the page that says it. Nothing is shared with pipewright.
Builds that may run at one time run one after another, those first that stand last in the file: an order that the file does not ask for
shows in the log.
"""

import json
import re
import shlex
import shutil
import subprocess

import yaml

from vendors import UNIT, Run, event_fields, variable
from scripts import Loader

ACCOUNT = "arn:aws:codebuild:eu-west-1:123456789012"
PHASES = ["install", "pre_build", "build", "post_build"]


class Stack(Loader):
    """Reads `!Ref Name`, `!GetAtt` and `!Sub` as the text behind the tag."""


Stack.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node))


class Refused(Exception):
    """AWS would end the run here."""


class Aws(Run):
    """What both have in common: one build."""

    ORIGIN = "https://github.com/group/project"

    def __init__(self, at, files, story):
        super().__init__(at, files, story)
        # Files go from build to build by the bucket, in archives.
        for name in ("tar", "gzip"):
            (at / "real" / name).symlink_to(shutil.which(name))
        (at / "bucket").mkdir()
        self.count, self.broken = 0, []

    def name(self, workflow, job):
        return f"{workflow}.{job}"

    def failed(self):
        return self.broken

    def calls(self):
        """The log without the containers that a build starts beside its commands: elsewhere the vendor's own runner does."""
        beside = set()
        for call in super().calls():
            if call.words[:4] == ["docker", "run", "--detach", "--name"] and call.words[5] == "--publish":
                beside.add((call.cell, call.words[4]))
            elif not (call.words[0] == "docker" and len(call.words) > 2 and (call.cell, call.words[2]) in beside):
                yield call

    def begin(self, event):
        """Puts the files for the stand-ins in place; the parts of the event and the commit."""
        self.keep("make", [(job.replace(".", UNIT, 1), file, text) for job, file, text in self.story.files])
        self.keep("answers", self.story.answers)
        self.head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.repository, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        self.event = event_fields(event)
        return self.event

    def stacks(self, folder):
        for path in sorted((self.repository / folder).glob("*.yml")):
            document = yaml.load(path.read_text(encoding="utf-8"), Loader=Stack)
            if "Resources" in document:
                self.parameters = document.get("Parameters", {})
                yield path, document["Resources"]

    def build(self, path, project, given):
        """One build of a buildspec; whether it succeeded. `given` is passed by what starts it."""
        self.count += 1
        workflow, job = path.split("/")[-2], path.split("/")[-1].removesuffix(".yml")
        own = self.at / "builds" / str(self.count)
        root, temporary, home = own / "source", own / "tmp", own / "home"
        for folder in (temporary, home):
            folder.mkdir(parents=True)
        # CodeBuild clones the commit with its history; a pipeline does with OutputArtifactFormat CODEBUILD_CLONE_REF:
        # https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
        shutil.copytree(self.repository, root, symlinks=True)
        subprocess.run(["git", "checkout", "-q", "--detach"], cwd=root, check=True)
        shutil.copyfile(self.at / "home" / ".gitconfig", home / ".gitconfig")
        for maker, file, text in self.story.files:
            if maker == self.name(workflow, job):
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                (root / file).write_text(text)
        document = yaml.load((root / path).read_text(encoding="utf-8"), Loader=Loader)
        env = document.get("env", {})
        number = str(self.count)
        # Each build has a machine of its own, with a folder for what is only its.
        of_file = {name: str(value).replace("/tmp/", f"{temporary}/") for name, value in env.get("variables", {}).items()}
        environment = {
            **self.environment(), "HOME": str(home), "TMPDIR": str(temporary),
            # https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
            "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "CI": "true", "CODEBUILD_CI": "true", "CODEBUILD_SRC_DIR": str(root),
            "CODEBUILD_BUILD_ID": f"project:{number}", "CODEBUILD_BUILD_ARN": f"{ACCOUNT}:build/project:{number}", "CODEBUILD_BUILD_NUMBER": number,
            "CODEBUILD_RESOLVED_SOURCE_VERSION": self.head, "CODEBUILD_SOURCE_REPO_URL": f"{self.ORIGIN}.git", "CODEBUILD_BUILD_URL": f"{self.ORIGIN}/actions/runs/{number}",
            # The lowest precedence has the buildspec, then comes the project, the highest has what starts the build:
            # https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html (env/variables)
            **of_file,
            **{name: self.parameter(name, path) for name, path in env.get("parameter-store", {}).items()},
            **{name: self.secret(name, of) for name, of in env.get("secrets-manager", {}).items()},
            **{row["Name"]: row["Value"] for row in project["Properties"]["Environment"].get("EnvironmentVariables", [])},
            **given,
            "STORY_WORKFLOW": workflow, "STORY_JOB": job, "STORY_ROOT": str(root), "STORY_TEMPORARY": str(temporary), "STORY_BUCKET": "Artifacts",
        }
        (own / "build.sh").write_text(commands(document["phases"]).replace("/tmp/", f"{temporary}/") + f": >'{own}/ended'\nexit $STORY_RESULT\n")
        with open(self.at / "said", "a", encoding="utf-8") as said:
            said.write(f"== {workflow}.{job}\n")
            said.flush()
            words = [shutil.which("timeout"), "-s", "KILL", "300", shutil.which(env.get("shell", "sh")), own / "build.sh"]
            status = subprocess.run(words, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False).returncode
        if not (own / "ended").exists():
            raise Refused(f"the shell of {workflow}.{job} ended before its commands did, with {status}")
        if status != 0:
            self.broken.append(self.name(workflow, job))
        shutil.rmtree(root)
        return status == 0

    def parameter(self, name, path):
        return self.story.variables.get(path.split("/")[-1], f"value-of-{name}")

    def secret(self, name, of):
        return self.story.secrets.get(of.split("/")[-1], f"secret of {name}")


def commands(phases):
    """The phases as one script: with version 0.2 all commands run in one instance of the shell.

    https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-cmd.html
    https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html: `post_build` runs when `build` ran, whatever came of
    it; behind a failed `install` or `pre_build` nothing does.
    https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html: commands run in their order, none behind one that failed;
    `finally` runs whatever came of them; with `on-failure: CONTINUE` the build goes to its next phase.
    """
    unknown = set(phases) - set(PHASES)
    if unknown:
        raise Refused(f"there is no phase {', '.join(sorted(unknown))}")
    # In a list with `||` a shell looks over `set -e`, so each status is asked after for itself.
    out = ["export CODEBUILD_BUILD_SUCCEEDING=1", "STORY_STOP=", "STORY_RESULT=0"]
    for name in PHASES:
        phase = phases.get(name) or {}
        out += [f"# {name}", "STORY_FAILED="]
        if name != "post_build":
            out.append('STORY_RUNS=; [ -n "$STORY_STOP" ] || STORY_RUNS=1')
        else:
            out.append('STORY_RUNS=; [ "$STORY_STOP" = before ] || STORY_RUNS=1')
        for part, condition in (("commands", '[ -n "$STORY_RUNS" ] && [ -z "$STORY_FAILED" ]'), ("finally", '[ -n "$STORY_RUNS" ]')):
            for command in phase.get(part) or []:
                out += [f"if {condition}; then", f"eval {shlex.quote(command)}", "[ $? = 0 ] || STORY_FAILED=1", "fi"]
        stops = "" if str(phase.get("on-failure", "ABORT")).startswith("CONTINUE") else f" STORY_STOP={'build' if name == 'build' else 'before'};"
        out.append(f'if [ -n "$STORY_FAILED" ]; then STORY_RESULT=1; export CODEBUILD_BUILD_SUCCEEDING=0;{stops} fi')
    return "\n".join(out) + "\n"


def started_by_hook(groups, happened, changed):
    """Whether one group of filters holds, all its filters.

    https://docs.aws.amazon.com/codebuild/latest/userguide/github-webhook.html#sync-filter-webhook-events
    """
    def holds(row):
        kind, pattern = row["Type"], row["Pattern"]
        if kind == "EVENT":
            found = happened["EVENT"] in re.split(r", *", pattern)
        elif kind == "FILE_PATH":
            found = changed is None or any(re.search(pattern, path) for path in changed)
        else:
            found = bool(re.search(pattern, happened.get(kind, "")))
        return found != (str(row.get("ExcludeMatchedPattern", False)).lower() == "true")

    return any(all(holds(row) for row in group) for group in groups)


class CodeBuild(Aws):
    """Batches that a webhook or a schedule starts."""

    TARGET = "codebuild"

    def play(self, event):
        kind, name, target, _, changed = self.begin(event)
        status = 0
        for _, resources in self.stacks(".codebuild"):
            for project in resources.values():
                if project["Type"] != "AWS::CodeBuild::Project":
                    continue
                told = self.told(kind, name, target, project, resources, changed)
                if told is not None:
                    status |= not self.batch(project, told)
        return status

    def told(self, kind, name, target, project, resources, changed):
        """What the builds of a batch are told of the event; none where it does not start it.

        https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html (CODEBUILD_WEBHOOK_...)
        """
        if kind == "schedule":
            mine = [row["Properties"] for row in resources.values() if row["Type"] == "AWS::Scheduler::Schedule"]
            inputs = [json.loads(row["Target"]["Input"]) for row in mine if self.is_due(row, name)]
            return {} if any(row["ProjectName"] == project["Properties"]["Name"] for row in inputs) else None
        happened = {
            "push": {"EVENT": "PUSH", "HEAD_REF": f"refs/heads/{name}", "TRIGGER": f"branch/{name}"},
            "tag": {"EVENT": "PUSH", "HEAD_REF": f"refs/tags/{name}", "TRIGGER": f"tag/{name}"},
            "mr": {"EVENT": "PULL_REQUEST_CREATED", "HEAD_REF": f"refs/heads/{name}", "BASE_REF": f"refs/heads/{target}", "TRIGGER": "pr/1"},
        }.get(kind)
        groups = project["Properties"].get("Triggers", {}).get("FilterGroups", [])
        if happened is None or not started_by_hook(groups, happened, changed):
            return None
        return {f"CODEBUILD_WEBHOOK_{key}": value for key, value in {**happened, "ACTOR_ACCOUNT_ID": "ci"}.items()}

    def is_due(self, schedule, name):
        return schedule["ScheduleExpression"] == cron(next(row[1] for row in self.story.spec.of("schedule") if row[0] == name))

    def batch(self, project, told):
        """The graph of a batch; whether it succeeded. A build starts when those that it depends on have succeeded.

        https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build.html#batch_build_graph
        https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build-buildspec.html: what runs goes on without `fast-fail`; `ignore-failure`
        """
        path = project["Properties"]["Source"]["BuildSpec"]
        batch = yaml.load((self.repository / path).read_text(encoding="utf-8"), Loader=Loader)["batch"]
        if set(batch) - {"build-graph", "fast-fail"} or batch.get("fast-fail"):
            raise Refused(f"{path} is no graph of builds that ends in any case")
        waiting, done, status = list(batch["build-graph"]), {}, True
        known = {task["identifier"] for task in waiting}
        for task in waiting:
            # https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build-buildspec.html: letters, digits and underscores
            if not re.fullmatch(r"\w{1,128}", task["identifier"], flags=re.A) or set(task.get("depend-on", [])) - known:
                raise Refused(f"{path}: {task['identifier']} is no name, or depends on what is not there")
        while waiting:
            ready = [task for task in waiting if all(one in done for one in task.get("depend-on", []))]
            if not ready:
                raise Refused(f"{path}: builds wait for one another")
            task = ready[-1]
            waiting.remove(task)
            if not all(done[one] for one in task.get("depend-on", [])):
                done[task["identifier"]] = False
                continue
            given = {**told, **task.get("env", {}).get("variables", {}), "CODEBUILD_BATCH_BUILD_IDENTIFIER": task["identifier"]}
            given["STORY_RUN"] = f"{ACCOUNT}:build-batch/{project['Properties']['Name']}:run-of-{project['Properties']['Name']}"
            passed = self.build(task["buildspec"], project, given)
            status &= passed or bool(task.get("ignore-failure"))
            done[task["identifier"]] = passed or bool(task.get("ignore-failure"))
        return status


def cron(text):
    """A cron of five fields as the Scheduler writes it: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based"""
    minute, hour, day, month, weekday = text.split()
    days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
    named = re.sub(r"\b[0-7]\b", lambda digit: days[int(digit[0]) % 7], weekday)
    fields = [re.sub(r"^\*/", f"{first}/", field) for first, field in (("0", minute), ("0", hour), ("1", month))]
    return f"cron({fields[0]} {fields[1]} {'?' if weekday != '*' else day} {fields[2]} {'?' if weekday == '*' else named} *)"


class CodePipeline(Aws):
    """Pipelines that a trigger, a schedule or a person starts."""

    TARGET = "codepipeline"

    def play(self, event):
        kind, name, target, variables, changed = self.begin(event)
        status = 0
        for path, resources in self.stacks(".codepipeline"):
            pipeline = next(row["Properties"] for row in resources.values() if row["Type"] == "AWS::CodePipeline::Pipeline")
            schedules = [row["Properties"] for row in resources.values() if row["Type"] == "AWS::Scheduler::Schedule"]
            triggers = pipeline.get("Triggers", [])
            # https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html (output variables)
            source = {"BranchName": name, "CommitId": self.head, "CommitMessage": "fix: change files", "AuthorDisplayName": "ci", "FullRepositoryName": "group/project"}
            inputs = {}
            if kind == "schedule":
                cron_of = next(row[1] for row in self.story.spec.of("schedule") if row[0] == name)
                due = any(row["ScheduleExpression"] == cron(cron_of) and json.loads(row["Target"]["Input"])["Name"] == pipeline["Name"] for row in schedules)
                source["BranchName"] = pipeline["Stages"][0]["Actions"][0]["Configuration"]["BranchName"]
            elif kind == "web":
                asked = variables.get("PIPEWRIGHT_WORKFLOW")
                due = not triggers and not schedules and asked in (None, path.stem.removesuffix("-manual"))
                inputs = {row["Name"]: variables.get(variable(row["Name"]), row.get("DefaultValue", f"any-{row['Name']}")) for row in pipeline.get("Variables", [])}
            else:
                due = any(triggered(row["GitConfiguration"], kind, target or name, changed) for row in triggers)
            if kind == "tag":
                del source["BranchName"]
                source["TagName"] = name
            if kind == "mr":
                source = {**source, "BranchName": name, "PullRequestId": "1", "PullRequestTitle": "Change files", "SourceBranchName": name, "DestinationBranchName": target}
            self.workflow = re.sub(r"-(push|tag|pull-request|manual|schedule-.*)$", "", path.stem)
            if due:
                status |= not self.run(pipeline, resources, source, inputs)
        return status

    def run(self, pipeline, resources, source, inputs):
        """The stages one after another; whether all succeeded. In a stage actions of one RunOrder run at one time, the next when they succeeded.

        https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
        https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html (runOrder)
        """
        def filled(text):
            def value(match):
                space, key = match[1].split(".", 1)
                of = {"SourceVariables": source, "variables": inputs, "codepipeline": {"PipelineExecutionId": f"run-of-{pipeline['Name']}"}}[space]
                # https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html: an action fails with a variable that cannot be resolved
                if key not in of:
                    raise Refused(f"{pipeline['Name']} has no value for {match[0]}")
                return of[key]

            return re.sub(r"#\{([^}]+)\}", value, text)

        for stage in pipeline["Stages"]:
            entry = stage.get("BeforeEntry", {}).get("Conditions", [])
            # A condition holds when all its rules do; else its result is done:
            # https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html
            missed = [condition for condition in entry if not all(checked(rule, filled) for rule in condition["Rules"])]
            if missed:
                if missed[0]["Result"] != "SKIP":
                    return False
                continue
            for order in sorted({int(action.get("RunOrder", 1)) for action in stage["Actions"]}):
                passed = True
                for action in reversed([action for action in stage["Actions"] if int(action.get("RunOrder", 1)) == order]):
                    passed &= self.act(action, resources, filled)
                if not passed:
                    return False
        return True

    def act(self, action, resources, filled):
        """One action; whether it succeeded. A person approves whatever waits."""
        kind, settings = action["ActionTypeId"], action.get("Configuration", {})
        for value in settings.values():
            filled(str(value))
        if (kind["Category"], kind["Provider"]) in (("Source", "CodeStarSourceConnection"), ("Approval", "Manual")):
            return True
        if (kind["Category"], kind["Provider"]) == ("Invoke", "Lambda"):
            return self.called(action, {key: filled(self.whole(value)) for key, value in settings.items()})
        if (kind["Category"], kind["Provider"]) != ("Build", "CodeBuild"):
            raise Refused(f"action {action['Name']} is of no kind that is known")
        project = resources[settings["ProjectName"]]
        # https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html (EnvironmentVariables)
        given = {row["name"]: filled(row["value"]) for row in json.loads(settings.get("EnvironmentVariables", "[]"))}
        return self.build(project["Properties"]["Source"]["BuildSpec"], project, given)


    def whole(self, value):
        """A text of a template, with the parameters of the stack."""
        def kept(name):
            return self.parameter(name, self.parameters[name]["Default"])

        if isinstance(value, str):
            return value
        [(function, text)] = value.items()
        if function == "Ref":
            return kept(text)
        if function != "Fn::Sub":
            raise Refused(f"{function} is not known")
        return re.sub(r"\$\{(!?)([^}]*)\}", lambda match: f"${{{match[2]}}}" if match[1] else kept(match[2]), text)

    def called(self, action, configuration):
        """The call of a function, which is written down as that of the command line would be; whether it succeeded.

        https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html: what the function is given
        """
        settings = {"FunctionName": configuration["FunctionName"], "UserParameters": configuration.get("UserParameters", "")}
        given = {"CodePipeline.job": {"data": {"actionConfiguration": {"configuration": settings}}}}
        words = [
            self.at / "bin" / "aws", "lambda", "invoke", "--function-name", configuration["FunctionName"], "--region", self.whole(action["Region"]),
            "--cli-binary-format", "raw-in-base64-out", "--cli-read-timeout", "0", "--payload", json.dumps(given, separators=(",", ":"), ensure_ascii=False),
            "--query", "FunctionError", "--output", "text", "answer",
        ]
        job = action["Name"]
        environment = {**self.environment(), "STORY_WORKFLOW": self.workflow, "STORY_JOB": job, "STORY_ROOT": str(self.repository)}
        answer = subprocess.run(words, cwd=self.repository, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        passed = answer.returncode == 0 and answer.stdout.strip() == "None"
        if not passed:
            self.broken.append(self.name(self.workflow, job))
        return passed


def checked(rule, filled):
    """A rule: https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-VariableCheck.html"""
    settings = rule["Configuration"]
    found, wanted = filled(settings["Variable"]), settings["Value"]
    return {"EQ": found == wanted, "NE": found != wanted, "CONTAINS": wanted in found, "MATCHES": bool(re.fullmatch(wanted, found))}[settings["Operator"]]


def triggered(trigger, kind, name, changed):
    """Whether one filter of a trigger takes an event: https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html"""
    for row in trigger.get("PullRequest" if kind == "mr" else "Push", []):
        if kind == "mr" and "OPEN" not in row.get("Events", ["OPEN"]):
            continue
        names = row.get("Tags" if kind == "tag" else "Branches")
        if names is not None and taken(names, [name]) and ("FilePaths" not in row or changed is None or taken(row["FilePaths"], changed)):
            return True
    return False


def taken(patterns, names):
    """Whether a name is included and not excluded; what is excluded wins. Globs: https://docs.aws.amazon.com/codepipeline/latest/userguide/syntax-glob.html"""
    def fits(pattern, name):
        words = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
        return re.fullmatch("".join(words.get(part, re.escape(part)) for part in re.split(r"(\*\*|[*?{},])", pattern)), name)

    include, exclude = patterns.get("Includes", []), patterns.get("Excludes", [])
    return any((not include or any(fits(one, name) for one in include)) and not any(fits(one, name) for one in exclude) for name in names)
