//! Text of an outsider that a script hands to an interpreter, which reads it as program text.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script::{self, Line};
use crate::check::vendor_expression_in_script::is_untrusted;
use crate::ir::Pipeline;
use crate::ir::text::{CommitField, Context, PrField, RunField};

/// Programs that take program text, with the option it stands behind; none for the rest of the words.
const INTERPRETERS: &[(&str, Option<&str>)] = &[
    ("eval", None),
    ("bash", Some("-c")),
    ("sh", Some("-c")),
    ("zsh", Some("-c")),
    ("python", Some("-c")),
    ("python3", Some("-c")),
    ("node", Some("-e")),
    ("ruby", Some("-e")),
    ("perl", Some("-e")),
    ("php", Some("-r")),
    ("pwsh", Some("-Command")),
    ("source", None),
];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for line in script::all(pipeline) {
        for command in script::commands(&script::marked(line.text)) {
            look(pipeline, line, script::program(&command), diagnostics);
        }
    }
}

fn look(pipeline: &Pipeline, line: Line<'_>, command: &[String], diagnostics: &mut Diagnostics) {
    let Some((name, rest)) = command.split_first() else { return };
    let Some((_, option)) = INTERPRETERS.iter().find(|(known, _)| known == name) else { return };
    let program = match option {
        None => rest,
        Some(option) => match rest.iter().position(|w| is_option(w, option)) {
            // Only the text is a program; further words are its arguments.
            Some(at) => &rest[at + 1..rest.len().min(at + 2)],
            None => return,
        },
    };
    for context in program.iter().flat_map(|w| w.chars()).filter_map(|c| script::context(line.text, c)) {
        let Some(shown) = outsider(pipeline, context) else { continue };
        diagnostics.push(
            Diagnostic::error(
                "script-injection",
                line.text.span,
                format!("`{name}` reads `${{{shown}}}` as program text: whoever writes it runs commands here"),
            )
            .label("an outsider writes part of this program")
            .help(format!("hand it over as an argument: bash -c 'use \"$1\"' - \"${{{shown}}}\", or drop `{name}`")),
        );
    }
}

/// `-c`, and `-ec` and its kin.
fn is_option(word: &str, option: &str) -> bool {
    let letters = |w: &str| w.starts_with('-') && !w.starts_with("--");
    word == option || (option.len() == 2 && letters(word) && word.ends_with(&option[1..]))
}

/// The name of a context that people outside the team can write.
fn outsider(pipeline: &Pipeline, context: &Context) -> Option<String> {
    match context {
        Context::Pr(field @ (PrField::Title | PrField::Source)) => Some(format!("pr.{}", field.word())),
        Context::Commit(
            field @ (CommitField::Message | CommitField::Author | CommitField::Branch | CommitField::Tag | CommitField::Ref),
        ) => Some(format!("commit.{}", field.word())),
        Context::Run(field @ RunField::Actor) => Some(format!("run.{}", field.word())),
        Context::Input(name) => Some(format!("input.{name}")),
        Context::Value(id) => {
            let value = &pipeline.values[id.index()];
            let named = value.github.as_ref().is_some_and(|own| is_untrusted(&own.value));
            named.then(|| format!("value.{}", value.name.value))
        }
        _ => None,
    }
}
