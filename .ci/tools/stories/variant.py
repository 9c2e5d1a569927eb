"""Makes a variant of a spec that can be written for more targets: no example is written for every vendor.

A target is added; what it asks for is given to it (a name of a team, the body of an action, the acceptance of a loss); what it cannot hold is
taken out of the spec, and told. Both sides of a comparison are made from the variant, so it is as good as the spec for what is left.
"""

import json
import re
import subprocess

ROUNDS = 16
LINES = {
    "github": "target github standby",
    "gitlab": "target gitlab standby tier=ultimate",
    "codebuild": 'target codebuild standby image="aws/codebuild/standard:7.0" connection="arn:aws:codeconnections:eu-west-1:123456789012:connection/a" repository="group/project"',
    "codepipeline": 'target codepipeline standby connection="arn:aws:codeconnections:eu-west-1:123456789012:connection/a" repository="group/project"',
}
TEAMS = {"github": "group/team", "gitlab": "group/team", "codepipeline": "arn:aws:sns:eu-west-1:123456789012:asked"}
TOKEN = re.compile(
    rb'(?P<text>(?P<hash>#*)"""(?s:.*?)"""(?P=hash)|#"(?s:.*?)"#|##"(?s:.*?)"##|"(?:[^"\\]|\\.)*")|(?P<comment>//[^\n]*|/\*(?s:.*?)\*/)|(?P<open>\{)|(?P<close>\})|(?P<end>[;\n])|(?P<on>\\[ \t]*\n)|(?P<blank>[ \t\r]+)|(?P<word>[^\s{};"\\]+)'
)


class Node:
    """A node of a spec: where it stands, its words, and the nodes in it. Offsets count bytes."""

    def __init__(self, start, parent):
        self.start, self.end, self.inside, self.parent, self.words, self.children = start, start, None, parent, [], []

    def find(self, at):
        """The innermost node at an offset."""
        for child in self.children:
            if child.start <= at < child.end:
                return child.find(at)
        return self

    def is_called(self, *words):
        return [word for _, _, word in self.words[: len(words)]] == [word.encode() for word in words]


def nodes(text):
    """A spec as a tree of nodes."""
    root = Node(0, None)
    root.end = len(text)
    at, node = root, None
    for match in TOKEN.finditer(text):
        kind = match.lastgroup if match.lastgroup != "hash" else "text"
        if kind in ("word", "text"):
            if node is None:
                node = Node(match.start(), at)
                at.children.append(node)
            # A value that stands right behind a word belongs to it: name="value".
            if node.words and node.words[-1][1] == match.start():
                node.words[-1] = (node.words[-1][0], match.end(), node.words[-1][2] + match[0])
            else:
                node.words.append((match.start(), match.end(), match[0]))
            node.end = match.end()
        elif kind == "open":
            node.inside = match.end()
            at, node = node, None
        elif kind == "close":
            at.end = match.end()
            at, node = at.parent, at
        elif kind == "end":
            node = None
    return root


class Variant:
    """A spec that is also written for other targets."""

    def __init__(self, pipewright, path, folder, targets):
        """Reads the spec at `path` and writes the variant into `folder`, where everything beside the spec lies already."""
        self.pipewright, self.path = pipewright, folder / "pipeline.kdl"
        self.text, self.left_out = path.read_bytes(), []
        there = {node.words[1][2].decode() for node in nodes(self.text).children if node.is_called("target") and len(node.words) > 1}
        self.targets = [target for target in targets if target not in there]
        written = [node for node in nodes(self.text).children if node.is_called("target") and node.words[1][2].decode() in LINES]
        # Every vendor gets all workflows, and one at most deploys; tests are not asked here.
        edits = [(child.start, child.end, b"") for node in written for child in node.children if child.is_called("workflows")]
        live = [node for node in written if not any(word[2] == b"standby" for word in node.words)]
        edits += [(node.words[1][1], node.words[1][1], b" standby") for node in live[1:] if {b"codebuild", b"codepipeline"} & {one.words[1][2] for one in live}]
        edits += [(node.start, node.end, b"") for node in nodes(self.text).children if node.is_called("test")]
        edits.append((written[0].start, written[0].start, "".join(f"{LINES[target]}\n" for target in self.targets).encode()))
        self.change(edits)
        self.reason = self.settle()

    def change(self, edits):
        """Replaces stretches of the text; one inside another goes with it."""
        done = None
        for start, end, by in sorted(set(edits), key=lambda edit: (edit[0], -edit[1]), reverse=True):
            outer = [edit for edit in edits if edit[0] <= start and end <= edit[1] and (edit[0], edit[1]) != (start, end)]
            if not outer and (done is None or end <= done):
                self.text, done = self.text[:start] + by + self.text[end:], start
        self.path.write_bytes(self.text)

    def settle(self):
        """Changes the spec until nothing is refused; else says what is."""
        for _ in range(ROUNDS):
            said = subprocess.run([self.pipewright, "check", "--spec", self.path, "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            errors = [finding for finding in json.loads(said.stdout)["diagnostics"] if finding["severity"] == "error"]
            if not errors:
                return None
            tree = nodes(self.text)
            edits = [edit for error in errors for edit in self.answer(error, tree)]
            if not edits:
                return errors[0]["message"]
            self.change(edits)
        return errors[0]["message"]

    def build(self, out):
        """Writes the outputs; what is said where they are refused."""
        done = subprocess.run([self.pipewright, "build", "--quiet", "--spec", self.path, "--out", out], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        return done.stderr if done.returncode else None

    def answer(self, error, tree):
        """What is changed because of an error."""
        rule, message = error["rule"], error["message"]
        target = (re.search(r"(?:on|for) (github|gitlab|codebuild|codepipeline)\b", message) or [None, None])[1]
        name = (re.search(r"`([^`]+)`", message) or [None, ""])[1]
        if rule == "lossy":
            loss = re.search(r"\(([\w-]+)\)$", message)[1]
            at = next(node.start for node in tree.children if node.is_called("target"))
            return [(at, at, f'accept {target} {loss} reason="it is played"\n'.encode())]
        if rule == "team-not-on-target" and target in TEAMS:
            team = next(node for node in tree.children if node.is_called("team", name))
            return [(team.inside, team.inside, f' {target} "{TEAMS[target]}";'.encode())]
        if rule == "action-without-body":
            action = next((node for node in tree.children if node.is_called("action", name)), None)
            bodies = [child for child in action.children if child.is_called("for") and any(step.is_called("run") for step in child.children)] if action else []
            if bodies:
                body, end = bodies[-1], bodies[-1].words[0][1]
                return [(body.start, body.start, b"for " + target.encode() + self.text[body.words[1][1] : body.end] + b"\n    ")] if end else []
        node = tree.find(error["start"])
        # One of several names goes alone.
        word = next((word for word in node.words[1:] if word[0] == error["start"] and b"=" not in word[2]), None)
        if rule in ("unknown-name", "gate-unmeasured") and word and sum(b"=" not in one[2] for one in node.words[1:]) > 1:
            return [(word[0], word[1], b"")]
        if node is tree or node.is_called("pipeline") or node.is_called("target") or node.is_called("accept"):
            return []
        if target and message not in self.left_out:
            self.left_out.append(message)
        separator = re.compile(rb"[ \t]*;").match(self.text, node.end)
        return [(node.start, separator.end() if separator else node.end, b"")]
