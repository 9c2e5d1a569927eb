//! A build that pipewright wrote, as the job that it came from.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::slug;
use crate::front::node::{Build, node, run};
use crate::front::yaml::Node;
use crate::syntax::tree::Value;
use crate::target::downloads::{KNOWN, manager};
use crate::target::{frame as words, known};

use super::super::buildspec::Around;
use super::super::data;
use super::super::work::Work;
use super::frame::{Frame, Piece, strict, within};
use super::piece::{asks_for, ecr, parted, role, whole};
use super::text::{Table, is_passed};
use super::{beside, frame, image};

/// Seconds that a job keeps for each step behind the others, and for what undoes it.
const SHARE: u64 = 60;
const SHARE_OF_ROLLBACK: u64 = 300;

/// The job of a buildspec; none where it is not one that pipewright writes.
pub(super) fn job(work: &mut Work<'_>, document: &Node, around: &Around, name: &str) -> Option<Build> {
    let (declared, known) = (work.declared.clone(), work.own.clone());
    let made = Maker::of(work, document, around, name).and_then(|(maker, frame)| maker.made(work, document, around, &frame));
    if made.is_none() {
        (work.declared, work.own) = (declared, known);
    }
    made
}

/// A login that waits for the image whose registry it is of.
struct Login {
    name: String,
    host: String,
    piece: Piece,
}

struct Maker {
    /// Variables that code reads as contexts.
    table: Table,
    /// The same with secrets and variables of the spec, which only a variable may hold.
    words: Table,
    /// Variables of the job.
    env: Vec<(String, String)>,
    /// Names that a step's own variables are made of.
    read: Vec<String>,
    services: Vec<Build>,
    consumes: Vec<String>,
    outputs: Vec<String>,
    /// Whether scripts may write outputs.
    hands: bool,
    languages: Vec<(String, String)>,
    cached: Vec<&'static str>,
    installs: bool,
    steps: Vec<Build>,
    /// Lines of the step that is being read, and its name.
    open: Vec<String>,
    title: Option<String>,
    files: Vec<Build>,
    login: Option<Login>,
    /// Whether a step asks for a docker daemon by itself.
    docked: bool,
    /// Seconds that the steps behind the others may take.
    behind: u64,
    job: String,
    /// The values of the axes that this build is for.
    axes: Vec<(String, String)>,
}

impl Maker {
    /// Reads everything around the pieces.
    fn of(work: &mut Work<'_>, document: &Node, around: &Around, name: &str) -> Option<(Self, Frame)> {
        let known = |key: &str| matches!(key, "version" | "env" | "phases" | "reports" | "cache");
        if document.entries().iter().any(|e| !known(&e.key)) {
            return None;
        }
        let mut maker = Self {
            table: Table::usual(),
            words: Table::usual(),
            env: Vec::new(),
            read: Vec::new(),
            services: Vec::new(),
            consumes: Vec::new(),
            outputs: Vec::new(),
            hands: false,
            languages: Vec::new(),
            cached: Vec::new(),
            installs: false,
            steps: Vec::new(),
            open: Vec::new(),
            title: None,
            files: Vec::new(),
            login: None,
            docked: false,
            behind: 0,
            job: name.to_owned(),
            axes: Vec::new(),
        };
        for (name, context) in &work.own.handed {
            maker.table.set(name, context);
        }
        for (name, value) in &around.env {
            let context = value.strip_prefix("${").and_then(|v| v.strip_suffix('}'));
            if let Some(axis) = name.strip_prefix("MATRIX_") {
                maker.table.set(name, &format!("matrix.{}", slug(axis)));
                maker.axes.push((slug(axis), value.clone()));
            } else if let Some(context) = context.filter(|_| is_passed(name) && name != "ARTIFACTS") {
                maker.table.set(name, context);
            } else if !is_passed(name) {
                maker.env.push((name.clone(), value.clone()));
            }
        }
        maker.words = maker.table.clone();
        maker.environment(work, document)?;
        maker.cache(document)?;
        let frame = frame::of(work, document)?;
        Some((maker, frame))
    }

    /// `env`: variables, and what the stores of AWS hold of the spec's own.
    fn environment(&mut self, work: &mut Work<'_>, document: &Node) -> Option<()> {
        let Some(env) = work.open(document, "env").cloned() else { return Some(()) };
        env.value.each_entry(&mut |e| work.ledger.mark(e.id, Fate::Exact));
        let rows = |key: &str| env.value.get(key).map(Node::entries).unwrap_or_default().to_vec();
        for own in rows("variables") {
            let text = own.value.text().unwrap_or_default().to_owned();
            if own.key == "PIPEWRIGHT_OUTPUT" {
                self.hands = true;
            } else if self.env.iter().all(|(n, _)| *n != own.key) {
                self.env.push((own.key.clone(), text));
            }
        }
        for own in rows("parameter-store") {
            // What the spec calls a variable is called so there, below the name of its pipeline.
            let (pipeline, name) = own.value.text()?.strip_prefix('/')?.split_once('/')?;
            if name != own.key || pipeline.is_empty() {
                return None;
            }
            work.declared.variables.entry(own.key.clone()).or_insert(None);
            self.words.set(&own.key, &format!("var.{}", own.key));
            self.env.push((own.key.clone(), format!("${{var.{}}}", own.key)));
        }
        for own in rows("secrets-manager") {
            let name = &own.key;
            let from = own.value.text()?;
            if from.split_once('/').is_none_or(|(_, rest)| rest != name) {
                work.turn(&own, &format!("a secret of the target; its value is the secret of the Secrets Manager `{from}`"));
            }
            work.declared.secrets.insert(name.clone());
            self.words.set(name, &format!("secret.{name}"));
            self.env.push((name.clone(), format!("${{secret.{name}}}")));
        }
        Some(())
    }

    /// Languages, and the tools whose downloads are kept.
    fn cache(&mut self, document: &Node) -> Option<()> {
        let install = document.get("phases").and_then(|p| p.get("install"));
        for own in install.and_then(|i| i.get("runtime-versions")).map(Node::entries).unwrap_or_default() {
            let version = own.value.text()?;
            let (language, version) = match own.key.as_str() {
                "nodejs" => ("node", version),
                "golang" => ("go", version),
                "java" => ("java", version.strip_prefix("corretto")?),
                other => (other, version),
            };
            self.languages.push((language.to_owned(), version.to_owned()));
        }
        let Some(cache) = document.get("cache") else { return Some(()) };
        let mut paths: Vec<&str> = cache.get("paths")?.texts()?;
        let key = cache.get("key")?.text()?;
        for tool in KNOWN {
            let own: Vec<String> = tool.paths.iter().map(|p| format!("{}/**/*", p.trim_end_matches('/'))).collect();
            let named = key.split("$(").next().unwrap_or_default().split('-').any(|w| w == tool.tool);
            if named && own.iter().all(|p| paths.contains(&p.as_str())) {
                paths.retain(|p| !own.iter().any(|o| o == p));
                self.cached.push(tool.tool);
            }
        }
        // Folders of one's own have a key of one's own.
        (paths.is_empty() || self.cached.is_empty()).then_some(())
    }

    fn made(mut self, work: &mut Work<'_>, document: &Node, around: &Around, frame: &Frame) -> Option<Build> {
        let main: Vec<Piece> = frame.main.iter().flat_map(parted).collect();
        let mut at = 0;
        while at < main.len() {
            at += self.main(work, &main[at..])?;
        }
        self.close();
        if let Some(login) = self.login.take() {
            self.step(work, &login.piece, None)?;
        }
        let after: Vec<Piece> = frame.after.iter().flat_map(parted).collect();
        let mut at = 0;
        while at < after.len() {
            at += self.after(work, &after[at..])?;
        }
        let left = |b: &Build| asks_for(&b.0);
        if self.steps.iter().any(left) || self.hands && self.outputs.is_empty() {
            return None;
        }
        // The other way reads everything anew: from here on it comes over.
        Some(self.build(work, document, around, frame))
    }

    fn build(mut self, work: &mut Work<'_>, document: &Node, around: &Around, frame: &Frame) -> Build {
        self.reached();
        let mut build = node("job").arg(&around.name).comments(around.comments.iter().cloned());
        let docked = self.docked || !self.services.is_empty();
        for before in &around.before {
            let name = before.0.name();
            if !(name == "docker" && docked || name == "timeout" && frame.limit.is_some()) {
                build.push(before.clone());
            }
        }
        if !self.axes.is_empty() {
            let axes = self.axes.iter().map(|(name, value)| node("axis").arg(name).arg(value));
            build.push(node("matrix").children(axes));
        }
        let _ = work.open(document, "version");
        if document.get("env").and_then(|e| e.get("shell")).is_none() {
            build.push(node("shell").arg("sh"));
        }
        if let Some(limit) = frame.limit {
            let whole = if self.behind > limit { 2 * limit } else { limit + self.behind };
            let text = if whole.is_multiple_of(60) { format!("{}m", whole / 60) } else { format!("{whole}s") };
            build.push(node("timeout").arg(&text));
        }
        if frame.retries > 0 {
            build.push(node("retry").number(&frame.retries.to_string()));
        }
        if let Some(codes) = &frame.forgiven {
            let mut allowed = node("allow-failure");
            if !codes.is_empty() {
                let mut list = node("exit-codes");
                for code in codes {
                    list = list.number(code);
                }
                allowed.push(list);
            }
            build.push(allowed);
        }
        if !self.consumes.is_empty() {
            build.push(node("consumes").args(&self.consumes));
        }
        // What only a step's own variables are made of belongs to them.
        let read = std::mem::take(&mut self.read);
        let direct = |name: &str| self.steps.iter().any(|s| super::reads(&s.0, name));
        for (name, value) in self.env.iter().filter(|(n, _)| !read.contains(n) || direct(n)) {
            build.push(node("env").prop(name, value));
        }
        if !self.outputs.is_empty() {
            build.push(node("output").args(&self.outputs));
        }
        let auto = |tool: &str| self.languages.iter().any(|(l, _)| manager(l) == Some(tool));
        if self.cached.is_empty() {
            build = build.children(data::cache(work, document));
        } else if let Some(cache) = work.open(document, "cache") {
            cache.mark_all(&mut work.ledger, &Fate::Exact);
        }
        build = build.children(self.cached.iter().filter(|t| !auto(t)).map(|tool| node("cache").arg(tool)));
        if !self.languages.is_empty() {
            let mut toolchain = node("toolchain");
            for (language, version) in &self.languages {
                toolchain = toolchain.prop(language, version);
            }
            if self.cached.iter().any(|t| auto(t)) {
                toolchain = toolchain.prop("cache", "auto");
            }
            build.push(if self.installs { toolchain.arg("install") } else { toolchain });
        }
        build = build.children(self.services).children(self.steps).children(self.files);
        build.children(data::reports(work, document, &around.name))
    }

    /// Reads a piece that runs while all goes well, and says how many it took.
    fn main(&mut self, work: &mut Work<'_>, pieces: &[Piece]) -> Option<usize> {
        let piece = &pieces[0];
        let text = piece.text.as_str();
        if let Some(taken) = super::derived::taken(work, &mut self.table, &mut self.words, pieces) {
            return Some(taken);
        }
        let comment = piece.comment.as_deref().unwrap_or_default();
        if let Some(login) = self.login.take_if(|_| !strict(text).iter().any(|l| l.starts_with("docker buildx "))) {
            self.step(work, &login.piece, None)?;
        }
        if text == "touch \"$PIPEWRIGHT_OUTPUT\"" || text == words::NOTHING {
            return Some(1);
        }
        if text == words::sourced(words::IMAGES) {
            return Some(1);
        }
        if let Some(rest) = text.strip_prefix("export ") {
            self.close();
            return self.export(rest).then_some(1);
        }
        if comment == words::GIVEN {
            let (taken, text) = whole(pieces, |line| !line.starts_with("printf '%s\\n' \"$INPUT_"), false);
            return beside::given(work, &text).then_some(taken);
        }
        if comment.starts_with("Files of ")
            && let Some(artifact) = beside::fetched(text)
        {
            if !self.consumes.contains(&artifact) {
                self.consumes.push(artifact);
            }
            return Some(1);
        }
        if comment.starts_with("Outputs of ") && beside::is_fetch_of_outputs(text, pieces.get(1)) {
            return Some(2);
        }
        if let Some(name) = comment.strip_prefix("Start ")
            && let Some(mut service) = beside::service(name, text, &self.words)
        {
            let ready = pieces.get(1).filter(|p| p.comment.as_deref() == Some(&format!("Wait until {name} answers")));
            let taken = 1 + usize::from(ready.is_some());
            if let Some(ready) = ready {
                service.push(beside::ready(name, &ready.text)?);
            }
            self.services.push(service);
            return Some(taken);
        }
        if let Some(name) = comment.strip_prefix("Log in to ")
            && let [one] = strict(text).as_slice()
            && let Some(host) = ecr(one)
        {
            self.close();
            self.login = Some(Login { name: name.to_owned(), host: host.to_owned(), piece: piece.clone() });
            return Some(1);
        }
        if let Some(made) = image::of(&strict(text), &self.words) {
            self.close();
            self.image(work, made, piece.comment.as_deref())?;
            return Some(1);
        }
        if comment.starts_with("Keep ") || comment == words::HANDED_ON {
            let copies = |line: &str| line.trim_start_matches(words::AS_BUILD).starts_with("aws s3 cp --quiet /tmp/");
            let (taken, text) = whole(pieces, copies, true);
            self.close();
            if comment == words::HANDED_ON {
                return beside::outputs(work, &self.job, &text, &mut self.outputs).then_some(taken);
            }
            self.files.push(beside::kept(&text, &self.job)?);
            return Some(taken);
        }
        if !self.installs && self.steps.is_empty() && self.open.is_empty() && self.installs_by(text) {
            self.installs = true;
            return Some(1);
        }
        self.step(work, piece, None)?;
        Some(1)
    }

    /// A container beside the build is reached at a port of the machine: here by its name.
    fn reached(&mut self) {
        for service in &self.services {
            let port = service.0.entries.iter().find(|e| e.name.as_ref().is_some_and(|n| n.text == "port"));
            let Some(Value::Number(port)) = port.map(|e| &e.value) else { continue };
            let Some(name) = service.0.arg(0).and_then(|e| e.as_str()) else { continue };
            let (there, here) = (format!("127.0.0.1:{port}"), format!("${{service.{name}.host}}:${{service.{name}.port}}"));
            for (_, value) in &mut self.env {
                *value = value.replace(&there, &here);
            }
            for step in &mut self.steps {
                super::replace(&mut step.0, &there, &here);
            }
        }
    }

    /// Whether a command installs what the lock file of a language of the job says.
    fn installs_by(&self, text: &str) -> bool {
        let all: Vec<&str> = self.languages.iter().map(|(l, _)| l.as_str()).collect();
        matches!(all.as_slice(), [one] if known::install(one, &all) == Some(text))
    }

    /// A variable that the shell works out for the whole job.
    fn export(&mut self, rest: &str) -> bool {
        let Some((name, word)) = rest.split_once('=') else { return false };
        let tool = |t: &str| {
            let known = KNOWN.iter().find(|k| k.tool == t).and_then(|k| k.variable("$CODEBUILD_SRC_DIR"));
            known.is_some_and(|(n, value)| n == name && word == format!("\"{value}\""))
        };
        if self.cached.iter().any(|t| tool(t)) {
            return true;
        }
        let Some(text) = self.words.word(word, &mut self.read) else { return false };
        self.env.retain(|(n, _)| n != name);
        self.env.push((name.to_owned(), text));
        true
    }

    fn image(&mut self, work: &mut Work<'_>, made: image::Made, title: Option<&str>) -> Option<()> {
        let mut step = made.step.maybe("name", title);
        if let Some(address) = &made.address {
            let login = self.login.take().filter(|l| address.starts_with(&l.host));
            let name = login.map(|l| l.name)?;
            step = step.prop("registry", &name);
            beside::declare(work, node("registry").arg(&name).arg(address))?;
        }
        if let Some(variable) = &made.variable {
            let context = format!("image.{}", made.name);
            work.own.handed.insert(variable.clone(), context.clone());
            self.table.set(variable, &context);
            self.words.set(variable, &context);
        }
        self.docked = true;
        self.steps.push(step);
        Some(())
    }

    /// Ends the step whose lines are being read.
    fn close(&mut self) {
        let lines = std::mem::take(&mut self.open);
        let title = self.title.take();
        if !lines.is_empty() {
            let mut made = run(&lines);
            made = made.maybe("name", title);
            self.steps.push(made);
        }
    }

    /// A step of the spec: its lines with all that stands around them.
    fn step(&mut self, work: &mut Work<'_>, piece: &Piece, when: Option<&str>) -> Option<()> {
        let mut text = piece.text.clone();
        let (mut condition, mut limit, mut soft) = (None, None, false);
        if when.is_some() {
            match text.strip_suffix(&format!("\n{}", words::COUNTED)) {
                Some(rest) => text = rest.to_owned(),
                None => soft = true,
            }
        } else if let Some((head, _)) = text.split_once("; then\n")
            && let Some(test) = head.strip_prefix("if ")
            && let Some(part) = self.words.condition(test)
        {
            let inner = within(&text, &format!("{head}; then"), "fi")?.join("\n");
            (condition, text) = (part.text(), inner);
        }
        if let Some((head, rest)) = text.split_once('\n')
            && let Some((start, mark)) = head.split_once(" /dev/fd/3 3<<'")
        {
            let (mark, behind) = mark.split_once('\'')?;
            soft = behind == format!(" || {}", words::GOES_ON);
            if let Some(rest) = start.strip_prefix("timeout ") {
                limit = Some(rest.split(' ').next()?.parse::<u64>().ok()?);
            }
            text = rest.strip_suffix(mark)?.trim_end_matches('\n').to_owned();
        }
        let block = text.starts_with("(\n") || limit.is_some() || soft;
        let mut lines: Vec<String> = strict(&text).into_iter().map(str::to_owned).collect();
        let mut dir = None;
        let mut env: Vec<(String, String)> = Vec::new();
        if block {
            while let Some(first) = lines.first() {
                if let Some(to) = first.strip_prefix("cd ").filter(|_| dir.is_none() && env.is_empty()) {
                    dir = Some(self.words.word(to, &mut Vec::new())?);
                } else if let Some((name, word)) = first.strip_prefix("export ").and_then(|e| e.split_once('='))
                    && let Some(text) = self.words.word(word, &mut self.read)
                {
                    env.push((name.to_owned(), text));
                } else {
                    break;
                }
                lines.remove(0);
            }
        }
        let lines: Vec<String> = lines.iter().map(|l| self.table.code(&l.replace(words::AS_BUILD, ""))).collect();
        let plain = when.is_none() && !block && condition.is_none();
        if plain {
            if piece.comment.is_some() {
                self.close();
                self.title.clone_from(&piece.comment);
            }
            self.open.push(lines.join("\n"));
            return Some(());
        }
        self.close();
        if let Some(when) = when {
            self.behind += limit.unwrap_or(if when == "rollback" { SHARE_OF_ROLLBACK } else { SHARE });
        }
        if let Some(role) = role(&lines, &env) {
            self.steps.push(role);
            return Some(());
        }
        if let (true, Some(when), Some(title)) = (soft, when, &piece.comment)
            && let Some(notice) = beside::notice(work, title, &lines, &env, when)
        {
            self.steps.push(notice);
            return Some(());
        }
        let mut made = run(&lines).maybe("name", piece.comment.as_deref()).maybe("if", condition).maybe("dir", dir);
        made = made.maybe("when", when.map(|w| if w == "rollback" { "failure" } else { w }));
        made = made.maybe("timeout", limit.map(|l| format!("{l}s")));
        if soft {
            made.push(node("continue-on-error"));
        }
        if !env.is_empty() {
            made.push(env.iter().fold(node("env"), |n, (name, value)| n.prop(name, value)));
        }
        self.steps.push(made);
        Some(())
    }

    /// Reads a piece that runs behind the steps.
    fn after(&mut self, work: &mut Work<'_>, pieces: &[Piece]) -> Option<usize> {
        let piece = &pieces[0];
        // The variables of the job, once more.
        if piece.text.starts_with("export ") {
            return Some(1);
        }
        if let Some(taken) = super::derived::looked(pieces) {
            return Some(taken);
        }
        let mut text = piece.text.clone();
        let mut when = "always";
        if let Some((head, _)) = text.split_once("; then\n")
            && let Some(test) = head.strip_prefix("if ")
        {
            let rest = test.strip_prefix(words::FAILED)?;
            when = match rest {
                "" => "failure",
                _ if rest.starts_with(" && [ -e /tmp/step-") => "rollback",
                _ => return None,
            };
            let inner = within(&text, &format!("{head}; then"), "fi")?.join("\n");
            text = match rest.strip_prefix(" && ") {
                None => inner,
                // Whether it had begun is a mark that a line before it makes.
                Some(begun) => {
                    let counted = inner.strip_suffix(&format!("\n{}", words::COUNTED));
                    let body = strict(counted.unwrap_or(&inner)).join("\n");
                    let made = format!("(\nif {begun}; then\n{body}\nfi\n)");
                    if counted.is_some() { format!("{made}\n{}", words::COUNTED) } else { made }
                }
            };
        }
        if piece.comment.as_deref().is_some_and(|c| c.starts_with("Keep ")) {
            let inner = text.strip_suffix(&format!("\n{}", words::COUNTED))?;
            let file = beside::kept(inner, &self.job)?;
            self.files.push(file.prop("when", when));
            return Some(1);
        }
        self.step(work, &Piece { comment: piece.comment.clone(), text }, Some(when))?;
        Some(1)
    }
}
