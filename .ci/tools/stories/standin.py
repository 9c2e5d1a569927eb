"""Stands in for an action of GitHub's market in a step of act: does what its documentation says as far as a job can see it.

    standin.py OWNER/NAME[/PATH] RUN       the inputs are in $INPUTS, as JSON; outputs go to $GITHUB_OUTPUT
"""

import glob
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(os.environ["GITHUB_WORKSPACE"])
DIGEST = "sha256:" + "7".rjust(64, "0")


def program(*words, given=None):
    """Calls the stand-in of a program, as the action calls the program."""
    subprocess.run(words, input=given, text=True, check=True, cwd=ROOT)


def output(name, value):
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.write(f"{name}={value}\n")


def lines(text):
    """The entries of an input that takes a list."""
    return [line.strip() for line in (text or "").replace(",", "\n").split("\n") if line.strip()]


def checkout(run, given):
    into = ROOT / given.get("path", "")
    shutil.copytree(run / "repository", into, dirs_exist_ok=True, symlinks=True)
    if given.get("ref"):
        subprocess.run(["git", "checkout", "-q", given["ref"]], cwd=into, check=True)
    # What the programs of the job write lies there from the start.
    job = f"{os.environ['GITHUB_WORKFLOW']}\x1f{os.environ['GITHUB_JOB']}"
    for maker, path, file in (line.split("\t") for line in (run / "make").read_text().split("\n") if line):
        if maker == job:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, ROOT / path)


def matches(patterns):
    """The files of an artifact, and the folder that its paths are relative to: the deepest one that holds every path named."""
    taken = [pattern for pattern in patterns if not pattern.startswith("!")]
    left = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    found, bases = set(), []
    for pattern in taken:
        fixed = pattern.split("*")[0] if "*" in pattern else pattern
        whole = ROOT / (os.path.dirname(fixed) if "*" in pattern else fixed)
        bases.append(str(whole if whole.is_dir() else whole.parent))
        for path in map(pathlib.Path, glob.glob(str(ROOT / pattern), recursive=True, include_hidden=True)):
            found.update(path.rglob("*") if path.is_dir() else [path])
    files = {path for path in found if path.is_file() and not any(path.relative_to(ROOT).match(p) for p in left)}
    # One path named, and it is a file: the file stands alone.
    return sorted(files), pathlib.Path(os.path.commonpath(bases))


def upload(run, given):
    files, base = matches(lines(given["path"]))
    if not files:
        wanted = given.get("if-no-files-found", "warn")
        print(f"{wanted}: no files were found with the path {given['path']}")
        sys.exit(wanted == "error")
    into = run / "artifacts" / (given.get("name") or "artifact")
    if into.exists():
        sys.exit(f"error: an artifact with the name {into.name} exists already")
    for file in files:
        if given.get("include-hidden-files") != "true" and any(part.startswith(".") for part in file.relative_to(base).parts):
            continue
        (into / file.relative_to(base)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, into / file.relative_to(base))


def download(run, given):
    kept, into = run / "artifacts", ROOT / given.get("path", "")
    if given.get("name"):
        if not (kept / given["name"]).is_dir():
            sys.exit(f"error: artifact not found for name: {given['name']}")
        shutil.copytree(kept / given["name"], into, dirs_exist_ok=True)
        return
    for artifact in sorted(kept.glob(given.get("pattern") or "*")):
        apart = into if given.get("merge-multiple") == "true" else into / artifact.name
        shutil.copytree(artifact, apart, dirs_exist_ok=True)


def login(_, given):
    program("docker", "login", "--username", given["username"], "--password-stdin", given.get("registry") or "docker.io", given=given["password"])


def role(_, given):
    with open(os.environ["GITHUB_ENV"], "a", encoding="utf-8") as file:
        file.write(f"AWS_REGION={given['aws-region']}\nAWS_DEFAULT_REGION={given['aws-region']}\n")


def ecr_login(_, given):
    region = os.environ["AWS_REGION"]
    registry = f"{given.get('registries') or '123456789012'}.dkr.ecr.{region}.amazonaws.com"
    told = subprocess.run(["aws", "ecr", "get-login-password", "--region", region], stdout=subprocess.PIPE, text=True, check=False)
    program("docker", "login", "--username", "AWS", "--password-stdin", registry, given=told.stdout)
    told.check_returncode()
    output("registry", registry)


def ruby(_, given):
    if given.get("bundler-cache") == "true":
        program("bundle", "install")


def build(_, given):
    words = ["docker", "buildx", "build"]
    for flag, name in (("--tag", "tags"), ("--build-arg", "build-args"), ("--label", "labels")):
        for value in [line for line in (given.get(name) or "").split("\n") if line.strip()]:
            words += [flag, value.strip()]
    for flag, name in (("--platform", "platforms"), ("--target", "target"), ("--file", "file"), ("--secret", "secrets"), ("--output", "outputs")):
        if given.get(name):
            words += [flag, given[name]]
    words += [flag for flag in ("push", "load") if given.get(flag) == "true" for flag in [f"--{flag}"]]
    program(*words, given.get("context") or ".")
    output("digest", DIGEST)


def trivy(_, given):
    target = given.get("image-ref") or given.get("scan-ref") or "."
    program("trivy", given.get("scan-type") or "image", "--format", given["format"], "--output", given["output"], target)


def codecov(_, given):
    program("codecovcli", "upload-process", "--file", given["files"])


def nothing(_, given):
    """Brings a tool that every stand-in has already, keeps files for a later run, or shows findings."""


KNOWN = {
    "actions/cache": nothing,
    "actions/checkout": checkout,
    "actions/download-artifact": download,
    "actions/setup-dotnet": nothing,
    "actions/setup-go": nothing,
    "actions/setup-java": nothing,
    "actions/setup-node": nothing,
    "actions/setup-python": nothing,
    "actions/upload-artifact": upload,
    "aquasecurity/trivy-action": trivy,
    "aws-actions/amazon-ecr-login": ecr_login,
    "aws-actions/configure-aws-credentials": role,
    "azure/setup-helm": nothing,
    "codecov/codecov-action": codecov,
    "docker/build-push-action": build,
    "docker/login-action": login,
    "docker/setup-buildx-action": nothing,
    "docker/setup-qemu-action": nothing,
    "github/codeql-action/upload-sarif": nothing,
    "ruby/setup-ruby": ruby,
}

KNOWN[sys.argv[1]](pathlib.Path(sys.argv[2]), json.loads(os.environ["INPUTS"]))
