//! Commands on another machine.

use crate::base::span::Spanned;
use crate::ir::job::Shell as Interpreter;
use crate::ir::step::Ssh;
use crate::ir::text::{Context, EnvVar, Part, Text};
use crate::plan::script::{Shell, end_mark, part, variable};

/// Shell that runs each script in one remote shell, with a key and a known host. Values of the run go along as variables of the remote shell.
pub fn ssh(ssh: &Ssh, interpreter: Interpreter) -> Shell {
    let span = ssh.host.span;
    let (flags, strict) = match interpreter {
        Interpreter::Sh => ("sh -eus", ""),
        Interpreter::Bash | Interpreter::Pwsh => ("bash -euo pipefail -s", ""),
    };
    let mut sent: Vec<EnvVar> = ssh.env.clone();
    let mut bodies = Vec::new();
    for script in &ssh.scripts {
        let lines: Vec<String> = script.lines.iter().map(|line| remote_line(line, &mut sent)).collect();
        bodies.push(lines.join("\n"));
    }
    let mut text = part("ssh.sh").replace("@shell@", flags);
    let names: Vec<&str> = sent.iter().map(|v| v.name.value.as_str()).collect();
    if !names.is_empty() {
        text.push('\n');
        text.push_str(&part("ssh-export.sh").replace("@names@", &names.join(" ")));
    }
    for body in bodies {
        let mark = end_mark("REMOTE", &body);
        let head = if names.is_empty() { format!("remote <<'{mark}'") } else { format!("{{ variables; cat <<'{mark}'") };
        let tail = if names.is_empty() { "" } else { "\n} | remote" };
        text.push_str(&format!("\n{head}\n{strict}{body}\n{mark}{tail}"));
    }
    let mut shell = Shell::plain(&text, span)
        .with("SSH_HOST", ssh.host.clone())
        .with("SSH_USER", ssh.user.clone())
        .with("SSH_KEY", ssh.key.clone())
        .with("SSH_KNOWN_HOSTS", ssh.known_hosts.clone());
    if let Some(port) = &ssh.port {
        shell = shell.with("SSH_PORT", port.clone());
    }
    shell.env.extend(sent);
    shell
}

/// The line as the remote shell reads it: a context has become a variable.
fn remote_line(line: &Text, sent: &mut Vec<EnvVar>) -> String {
    let mut out = String::new();
    for part in &line.parts {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Context(context) => {
                let value = Text { parts: vec![part.clone()], span: context.span };
                let name = match sent.iter().find(|v| v.value.parts == value.parts) {
                    Some(known) => known.name.value.clone(),
                    None => {
                        let name = free_name(&context.value, sent);
                        sent.push(EnvVar { name: Spanned::new(name.clone(), context.span), value });
                        name
                    }
                };
                out.push_str(&format!("${{{name}}}"));
            }
        }
    }
    out
}

fn free_name(context: &Context, taken: &[EnvVar]) -> String {
    let wanted = match context {
        Context::Commit(field) => format!("COMMIT_{}", variable(field.word())),
        Context::Run(field) => format!("RUN_{}", variable(field.word())),
        Context::Input(name) => format!("INPUT_{}", variable(name)),
        Context::Secret(name) | Context::Variable(name) | Context::Env(name) => variable(name),
        _ => "VALUE".to_owned(),
    };
    let free = |name: &String| !taken.iter().any(|v| v.name.value == *name);
    if free(&wanted) {
        return wanted;
    }
    (2..).map(|i| format!("{wanted}_{i}")).find(free).unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use crate::base::span::{Span, Spanned};
    use crate::ir::job::Shell as Interpreter;
    use crate::ir::step::{Script, Ssh};
    use crate::ir::text::{CommitField, Context, Part, Text};
    use crate::plan::script::tests::{files, run};

    #[test]
    fn values_arrive_unchanged_and_the_first_failure_stops() {
        let literal = |text: &str| Text::literal(text, Span::default());
        let branch = Part::Context(Spanned::new(Context::Commit(CommitField::Branch), Span::default()));
        let line =
            Text { parts: vec![Part::Literal("echo \"on ".into()), branch, Part::Literal("\"".into())], span: Span::default() };
        let ssh = Ssh {
            host: literal("h"),
            user: literal("u"),
            key: literal("k"),
            known_hosts: literal("h ssh-ed25519 AAAA"),
            port: None,
            env: Vec::new(),
            scripts: vec![Script { lines: vec![line, literal("false"), literal("echo never")] }],
            compose: None,
        };
        let shell = super::ssh(&ssh, Interpreter::Sh);
        // A machine that runs what it is sent.
        let local = shell.script.lines[0].as_literal().unwrap().replace("  ssh -i", "  machine -i");
        let script = format!("machine() {{ while [ \"$1\" != sh ]; do shift; done; \"$@\"; }}\n{local}");
        let hostile = "a'b $(echo x) \"c\"";
        let env = [("SSH_HOST", "h"), ("SSH_USER", "u"), ("SSH_KEY", "k"), ("SSH_KNOWN_HOSTS", "x"), ("COMMIT_BRANCH", hostile)];
        assert_eq!(run(files(&[]).path(), &script, &env), (format!("on {hostile}"), false));
        assert!(shell.env.iter().any(|v| v.name.value == "COMMIT_BRANCH"));
    }
}
