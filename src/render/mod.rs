//! Views to text. Templates own keys, order and comments; they never decide quoting.
//!
//! Invariant: this room knows how text is written, never what it means; it is the only one that sees minijinja.
//!
//! # How a YAML template is written
//! Delimiters are `{{{ value }}}`, `{{% tag %}}` and `{{# comment #}}`, so that a vendor's `${{ }}` stands as it is. A tag on a line of its own
//! leaves no line. A `{{{ }}}` stands for a **whole** scalar, key or comment, never for a part of one: build the text in the view. What it prints:
//!
//! | written | for | prints |
//! |---|---|---|
//! | `key: {{{ x }}}`, `{{{ k }}}: …`, `- {{{ x }}}` | string, number, boolean | the string, quoted where a reader needs it; numbers and booleans bare |
//! | `key: {{{ xs }}}` | list or map | one line: `[a, b]`, `{k: v}` |
//! | `key: {{{ x \| block }}}` | string | plain, `\|` or `\|-`, or quoted; the lines are indented by themselves |
//! | `key: {{{ x \| tree }}}`, `- {{{ x \| tree }}}` | anything | block style below the key, indented by itself |
//! | `{{{ x \| comment }}}` | string | `# …`, a line each |
//! | `{{{ header }}}` … `{{{ x \| lines }}}` | text made by [`header::Header::text`] | as it is; only for text that is YAML already |
//!
//! Undefined and null values are errors. A list that may be empty needs its own `if`.

mod env;
pub mod header;
mod layout;
mod tree;
pub mod yaml;

use minijinja::Environment;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use crate::base::failure::Failure;
use crate::target::asset;

/// One file to be written, or to be held against the one on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// Relative to the root, forward slashes.
    pub path: String,
    /// The whole text, lines ended by `\n`.
    pub text: String,
    /// Whether the text carries our marker; a format without comments cannot, its path then stands in the manifest.
    pub marked: bool,
    /// Whether the file is written with the permission to execute it.
    pub executable: bool,
}

impl Output {
    /// A marked, not executable file.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), marked: true, executable: false }
    }
}

/// Renders the templates below `targets/`. A template is compiled on its first use.
pub struct Renderer {
    yaml: Environment<'static>,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    /// A renderer of the embedded templates.
    pub fn new() -> Self {
        Self::with(|name| asset::text(name).map(str::to_owned))
    }

    /// A renderer of other templates: `load` gives the text of a template by its name.
    pub fn with(load: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { yaml: env::yaml(load) }
    }

    /// Limits the instructions that one rendering may take.
    #[must_use]
    pub fn fuel(mut self, instructions: u64) -> Self {
        self.yaml.set_fuel(Some(instructions));
        self
    }

    /// Renders a YAML template, named by its path below `targets/` (`github/templates/workflow.yml.j2`), with a view.
    ///
    /// # Errors
    /// `Internal` with the template's name and line: an unknown template, a name that the view lacks, a value YAML cannot hold, endless work.
    pub fn yaml(&self, template: &str, view: &impl Serialize) -> Result<String, Failure> {
        let rendered = self.yaml.get_template(template).and_then(|t| t.render(Value::from(Serde(view))));
        rendered.map(|text| layout::settle(&text)).map_err(|e| Failure::Internal(env::explain(&e)))
    }
}
