//! Whether shell lines leave something behind that a later line of the same shell would see.
//!
//! GitLab and CodeBuild run all lines of a job in one shell, the language gives each step its own. The answer may be yes where no would do (a subshell more),
//! never the reverse.

/// Commands that change the shell they run in.
const CHANGING: &[&str] = &[
    "cd",
    "pushd",
    "popd",
    "export",
    "set",
    "unset",
    "source",
    ".",
    "umask",
    "trap",
    "shopt",
    "alias",
    "unalias",
    "exec",
    "eval",
    "declare",
    "typeset",
    "local",
    "readonly",
    "ulimit",
    "hash",
    "shift",
    "exit",
    "return",
    "getopts",
    "read",
    "mapfile",
    "readarray",
    "let",
    "for",
    "select",
    "function",
    "builtin",
    "command",
    "enable",
    "wait",
];

/// Words after which a command begins.
const BEFORE_COMMAND: &[&str] =
    &["then", "do", "else", "elif", "if", "while", "until", "!", "time", "{", "(", "&&", "||", "|", ";", "&"];

/// Whether a script changes the state of its shell.
pub(super) fn changes(script: &str) -> bool {
    // `${x:=y}` assigns inside any word; `((` computes with assignments.
    if script.contains(":=") || script.contains("((") || script.contains("${") && script.contains("=}") {
        return true;
    }
    let spaced = spaced(script);
    for line in spaced.lines() {
        let mut command_begins = true;
        for word in line.split_whitespace() {
            // The braces of a function may stand behind a blank.
            if word == "()" || command_begins && (changes_by(word) || is_assignment(word)) {
                return true;
            }
            command_begins = BEFORE_COMMAND.contains(&word) || word.ends_with("()");
        }
    }
    false
}

/// Whether a line is one command that is a program of its own, so that another program may start it.
pub(super) fn is_simple_command(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    const OTHERS: &[&str] = &["if", "while", "until", "case", "time", "type", "jobs", "bg", "fg", "[[", "times", "!", "{"];
    !line.contains(['\n', '|', '&', ';', '<', '>', '(', ')', '`', '{', '}', '#'])
        && !first.is_empty()
        && first.chars().all(|c| c.is_ascii_alphanumeric() || "_./-+".contains(c))
        && !CHANGING.contains(&first)
        && !OTHERS.contains(&first)
}

fn changes_by(word: &str) -> bool {
    CHANGING.contains(&word) || word.ends_with("()") || word.contains("(){")
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let name = name.strip_suffix('+').unwrap_or(name);
    let name = name.split('[').next().unwrap_or(name);
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The script with blanks around the signs that end a command, and continued lines joined. Inside quotes this only adds words.
fn spaced(script: &str) -> String {
    let mut out = String::with_capacity(script.len() * 2);
    let joined = script.replace("\\\n", " ");
    let mut rest = joined.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' | '|' if rest.peek() == Some(&c) => {
                rest.next();
                out.extend([' ', c, c, ' ']);
            }
            // `()` ends the name of a function; `$(` starts a subshell, which is harmless but cheap to look into.
            '(' if rest.peek() == Some(&')') => {
                rest.next();
                out.push_str("() ");
            }
            ';' | '|' | '(' => out.extend([' ', c, ' ']),
            '&' if !out.ends_with('>') && rest.peek() != Some(&'>') => out.push_str(" & "),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::changes;

    #[test]
    fn plain_commands_leave_nothing_behind() {
        let plain = [
            "npm ci",
            "make -C api test | tee log.txt",
            "docker run -e LEVEL=debug app > out 2>&1",
            "pytest \\\n  --cov=app \\\n  --cov-report=xml",
            "if [ -f x ]; then echo cd; fi",
            "printf '%s' x",
            "npm run build && npm run lint || true",
            "curl --data @file https://example.com/?a=b",
        ];
        for script in plain {
            assert!(!changes(script), "{script}");
        }
    }

    #[test]
    fn what_stays_in_the_shell_is_seen() {
        let changing = [
            "cd api",
            "echo x && cd api",
            "export A=1",
            "A=1",
            "A+=(1)",
            "A=1 make",
            "if true; then set -x; fi",
            "f() { echo x; }",
            "f () { echo x; }",
            "true;cd x",
            ". ./env.sh",
            "echo ${A:=1}",
            "exit 0",
            "for i in 1 2; do echo \"$i\"; done",
            "make &&\\\n  source env",
            "read -r line < file",
        ];
        for script in changing {
            assert!(changes(script), "{script}");
        }
    }
}
