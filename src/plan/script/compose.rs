//! Containers on a server, by `docker compose` over SSH.
//!
//! The server keeps the history of what ran there, a line for each deploy, beside the Compose file. A rollback goes to the line that was the last
//! one when this run began, since "the one before" is another one after a deploy that never got so far.
//!
//! Of the command: <https://docs.docker.com/reference/cli/docker/compose/>.

use crate::ir::job::Shell as Interpreter;
use crate::ir::step::{Compose, ComposeAct, Script, Ssh};
use crate::ir::text::{Part, Text};
use crate::plan::script::{Shell, fill, quote, remote};

/// What stands for a line of the spec until it is put in.
const MARK: &str = "@line@";

/// Shell that runs the script of the containers on their server. It is plain `sh`: whatever the job speaks, the server has that.
pub fn on_server(ssh: &Ssh, compose: &Compose) -> Shell {
    let pieces = Writer { ssh, compose }.pieces();
    let mut text = Text { parts: Vec::new(), span: ssh.host.span };
    for (at, piece) in pieces.into_iter().enumerate() {
        if at > 0 {
            text.parts.push(Part::Literal("\n".to_owned()));
        }
        text.parts.extend(piece.parts);
    }
    let whole = Ssh { scripts: vec![Script { lines: vec![text] }], compose: None, ..ssh.clone() };
    remote::ssh(&whole, Interpreter::Sh)
}

struct Writer<'s> {
    ssh: &'s Ssh,
    compose: &'s Compose,
}

impl Writer<'_> {
    fn pieces(&self) -> Vec<Text> {
        let colours = self.compose.switch.is_some();
        let mut pieces = vec![self.plain("compose-head.sh")];
        match self.compose.act {
            ComposeAct::Deploy => {
                let select = if colours { "compose-colour.sh" } else { "compose-plain.sh" };
                pieces.push(self.chosen("compose-deploy.sh", select));
                pieces.extend(self.compose.migrate.as_ref().map(|m| {
                    let text = self.text("compose-migrate.sh").replace("@service@", &quote(&m.service));
                    self.literal(text.replace("@command@", &quote(&m.command)))
                }));
            }
            ComposeAct::Undo => pieces.push(self.plain("compose-undo.sh")),
            ComposeAct::Back => pieces.push(self.plain("compose-back.sh")),
        }
        let returns = self.compose.act != ComposeAct::Deploy;
        if returns {
            let select = if colours { "compose-colour-return.sh" } else { "compose-plain-return.sh" };
            pieces.push(self.chosen("compose-return.sh", select));
        }
        pieces.push(self.plain("compose-up.sh"));
        pieces.extend(self.compose.health.map(|at| self.with_line(&self.text("compose-health.sh"), at)));
        pieces.extend(self.compose.switch.map(|at| self.with_line(&self.text("compose-switch.sh"), at)));
        if returns {
            pieces.push(self.plain("compose-forget.sh"));
        } else {
            let entry = if colours { "$COLOUR $VERSION" } else { "$VERSION" };
            pieces.push(self.literal(self.text("compose-record.sh").replace("@entry@", entry)));
        }
        if returns && colours {
            pieces.push(self.plain("compose-stop-other.sh"));
        }
        pieces
    }

    fn text(&self, name: &str) -> String {
        let compose = self.compose;
        fill(
            name,
            &[
                ("dir", &quote(&compose.dir)),
                ("file", &quote(&compose.file)),
                ("name", &compose.name),
                ("seconds", &compose.wait.seconds.to_string()),
            ],
        )
    }

    fn chosen(&self, name: &str, select: &str) -> Text {
        self.literal(self.text(name).replace("@select@", &self.text(select)))
    }

    fn plain(&self, name: &str) -> Text {
        self.literal(self.text(name))
    }

    fn literal(&self, text: String) -> Text {
        Text::literal(text, self.ssh.host.span)
    }

    /// The script with a line of the spec, whose values of the run stay such.
    fn with_line(&self, text: &str, script: usize) -> Text {
        let mut whole = Text { parts: Vec::new(), span: self.ssh.host.span };
        let (before, after) = text.split_once(MARK).unwrap_or((text, ""));
        whole.parts.push(Part::Literal(before.to_owned()));
        let lines = self.ssh.scripts.get(script).map_or(&[][..], |s| &s.lines);
        whole.parts.extend(lines.iter().flat_map(|l| &l.parts).cloned());
        whole.parts.push(Part::Literal(after.to_owned()));
        whole
    }
}
