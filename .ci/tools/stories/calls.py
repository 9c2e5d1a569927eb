"""What counts as a call, and when two are the same: the vendors' idioms, taken out of the logs of a run."""

import itertools
import re

# Not compared: how a job gets its tools is each vendor's own affair.
LEFT_OUT = [
    (r"^(curl|wget) .*(dl\.k8s\.io|get\.helm\.sh|github\.com/.*/releases/|awscli\.amazonaws\.com)", "downloads of tools"),
    (r"^gh api|^curl .*/api/v4/projects/\d+/deployments$", "questions to the vendor"),
    (r"codecov", "a command that the specs give in other words for each vendor"),
    (r"^rustup ", "installation of tools"),
    (r"^(apk|apt-get|install|unzip|tar|chmod) ", "installation of tools"),
    (r"^pip install (codecov-cli|--quiet|-q)", "installation of tools"),
    (r"^docker (context create|buildx create|run --privileged)", "builders"),
]
SAME = [
    (r"^gh (issue|pr|release) .*|^curl .*/api/v4/projects/\d+/(issues|merge_requests|releases).*", "(a word to the vendor)"),
    (r"^pipx install ", "pip install "),
    (r"^(aws lambda invoke .*) \S+$", r"\1 (file of the answer)"),
    # What runs beside a job has a name on GitLab, and a port of the machine on AWS.
    (r"(?<=[=/@])(localhost|127\.0\.0\.1|docker|postgres|redis|rabbitmq)(?=$|[:/ ])", "(host)"),
    # A commit is the same everywhere; a run has a page and a number with each vendor.
    (r"(?<=export RUN=')[^']+(?=')", "(id of the run)"),
    (r"https://github\.com/group/project/actions/runs/\d+|https://gitlab\.example\.com/group/project(?:/-)?/pipelines/\d+", "(page of the run)"),
    (r"https://(github\.com|gitlab\.example\.com)/group/project", "(page of the repository)"),
]


def plain(call):
    """A call in the words of no vendor; none where it is left out."""
    words = list(call.words)
    if words[:3] == ["docker", "buildx", "build"]:
        words = [*words[:3], *sorted(flags(words[3:-1])), words[-1]]
    line = " ".join(words)
    if any(re.search(pattern, line) for pattern, _ in LEFT_OUT):
        return None
    for pattern, text in SAME:
        line = re.sub(pattern, text, line)
    folder = call.folder.strip("/")
    return f"({folder}) {line}" if folder else line


def flags(words):
    """The flags of a build with their values, without caches."""
    found, at = [], 0
    while at < len(words):
        alone = words[at] in ("--push", "--load") or at + 1 == len(words)
        found.append(words[at] if alone else f"{words[at]} {words[at + 1]}")
        at += 1 if alone else 2
    return [flag for flag in found if not flag.startswith(("--cache-", "--metadata-file"))]


def jobs(calls, left_out=()):
    """The calls of each job, cell by cell, in their order."""
    found = {}
    for call in calls:
        line = plain(call)
        if line is not None and call.job not in left_out:
            # A message about the run as a whole is a job with names of the vendors' own.
            message = re.search(r"\bnotify[ -]([a-z]+)(?:[ -]\d+)?$", call.job)
            job = f"notify {message[1]}" if message else call.job
            found.setdefault(job, {}).setdefault("" if message else call.cell, []).append(line)
    return {job: sorted(sorted(cell) if job.startswith("notify ") else settled(cell) for cell in cells.values()) for job, cells in found.items()}


def settled(lines):
    """Lines of a cell, in which calls that watch something at one time stand sorted."""
    out = []
    for watched, group in itertools.groupby(lines, lambda line: line.startswith(("curl -s -o /dev/null", "curl -fsS -m 30 -G"))):
        out += sorted(group) if watched else group
    return out


def shown(cells):
    """The cells of a job as lines."""
    return [line for number, cell in enumerate(cells) for line in [*([f"-- cell {number + 1}"] if len(cells) > 1 else []), *cell]]
