//! The tables of the node pages, from the table of nodes.

use std::fmt::Write as _;

use pipewright::syntax::shape::{self, Arg, Child, Many, Place, Setting, Shape, Times, ValueType};

/// The file name of a row's page.
pub(crate) fn file(shape: &Shape) -> String {
    shape.id.replace('.', "-")
}

/// Links to rows, with their names.
fn link(shape: &Shape) -> String {
    let name = if shape.name.is_empty() { "the top of the file" } else { shape.name };
    format!("[`{name}`]({}.md)", file(shape)).replace("`the top of the file`", "the top of the file")
}

/// What a value looks like, in words.
fn value(ty: ValueType) -> String {
    let plain = match ty {
        ValueType::Text => "text with `${…}`",
        ValueType::String => "string",
        ValueType::Name => "name",
        ValueType::Variable => "variable name",
        ValueType::Reference(of) => return format!("name of a declared {of}"),
        ValueType::Version => "version",
        ValueType::Duration => "duration",
        ValueType::Limit => "figure with unit",
        ValueType::Number => "number",
        ValueType::Count => "whole number",
        ValueType::Port => "port",
        ValueType::Bool => "`#true`, `#false`",
        ValueType::Glob => "glob",
        ValueType::Path => "path",
        ValueType::Url => "URL, `(var)NAME`",
        ValueType::Cron => "cron",
        ValueType::Image => "image",
        ValueType::Expr => "condition",
        ValueType::Secret => "`(secret)NAME`",
        ValueType::Word(words) => return words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "),
        ValueType::Any => "any value",
    };
    plain.to_owned()
}

fn times(arg: &Arg) -> &'static str {
    match arg.times {
        Times::One => "one",
        Times::Optional => "at most one",
        Times::Any => "any number",
        Times::Some => "one or more",
    }
}

fn place(setting: &Setting) -> String {
    let name = setting.name;
    match setting.place {
        Place::Property => format!("`{name}=`"),
        Place::Child => format!("`{name} …`"),
        Place::Either => format!("`{name}=` or `{name} …`"),
    }
}

fn many(child: &Child) -> &'static str {
    match child.many {
        Many::Once => "at most once",
        Many::Required => "exactly once",
        Many::List => "any number",
        Many::Keyed => "any number, different names",
    }
}

/// The rows whose blocks take this one.
pub(crate) fn parents(shape: &Shape) -> Vec<&'static Shape> {
    shape::all().into_iter().filter(|p| p.every_child().any(|c| c.shape.id == shape.id)).collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What stands between the markers of a row's page.
pub(crate) fn table(shape: &Shape) -> String {
    let mut out = String::new();
    let homes = parents(shape);
    if !homes.is_empty() {
        let links: Vec<String> = homes.into_iter().map(link).collect();
        let _ = writeln!(out, "Stands in: {}.\n", links.join(", "));
    }
    if !shape.args.is_empty() {
        out.push_str("| argument | value | how many | says |\n|---|---|---|---|\n");
        for arg in shape.args {
            let _ = writeln!(out, "| {} | {} | {} | {} |", arg.name, value(arg.ty), times(arg), cell(arg.doc));
        }
        out.push('\n');
    }
    if shape.every_setting().next().is_some() {
        out.push_str("| setting | value | default | says |\n|---|---|---|---|\n");
        for setting in shape.every_setting() {
            let several = if setting.list { "; several" } else { "" };
            let default = match (setting.required, setting.default) {
                (true, _) => "required".to_owned(),
                (false, "") => String::new(),
                (false, text) if text.contains([' ', '`']) => text.to_owned(),
                (false, text) => format!("`{text}`"),
            };
            let _ = writeln!(out, "| {} | {}{several} | {default} | {} |", place(setting), value(setting.ty), cell(setting.doc));
        }
        out.push('\n');
    }
    if let Some(open) = shape.open {
        let must = if open.required { "; one must stand" } else { "" };
        let doc = cell(open.doc);
        let _ = writeln!(
            out,
            "`{}=`, where {} is a {} of yours: {}{must}. It says: {doc}.\n",
            open.name,
            open.name,
            value(open.key),
            value(open.ty)
        );
    }
    if !shape.flags.is_empty() {
        out.push_str("| flag | where | says |\n|---|---|---|\n");
        for flag in shape.flags {
            let place = if flag.word { "among the arguments, or in the block" } else { "in the block" };
            let _ = writeln!(out, "| `{}` | {place} | {} |", flag.name, cell(flag.doc));
        }
        out.push('\n');
    }
    if shape.every_child().next().is_some() {
        out.push_str("| child | how often |\n|---|---|\n");
        for child in shape.every_child() {
            let _ = writeln!(out, "| {} | {} |", link(child.shape), many(child));
        }
        out.push('\n');
    }
    if shape.calls {
        out.push_str("Portable actions may be called in the block, by their names.\n\n");
    }
    if shape.foreign {
        out.push_str("The block is not held against a table here.\n\n");
    }
    out
}
