//! The table of nodes: what may stand where in a spec, with which values. One table checks specs, writes the reference and completes words.
//!
//! Rows are data: a row says what a node takes and what it is for, never what it means. A node has five kinds of content:
//!
//! - **arguments**, by position: `push main develop`;
//! - **settings**, by name: a property (`depth=0`), a child with its values (`timeout "5m"`), or either, as its row says;
//! - **flags**, without a value: a word among the arguments (`cancel-running`) or a child of its own (`advisory`);
//! - **properties of any name**, where names are the user's: `env LEVEL=debug`;
//! - **children** with rows of their own.

pub mod action;
pub mod alert;
pub mod app;
pub mod compose;
pub mod environment;
pub mod event;
pub mod gate;
pub mod job;
pub mod reuse;
pub mod step;
pub mod test;
pub mod top;
pub mod workflow;

/// What a value must look like. Units and patterns are parsed where their meaning is known; here stands their form only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueType {
    /// Text in which `${context.name}` is replaced; also `(secret)NAME`, `(var)NAME`, a number or a truth value, as written.
    Text,
    /// Text as it stands.
    String,
    /// `[a-z][a-z0-9-]{0,49}`
    Name,
    /// `[A-Za-z_][A-Za-z0-9_]*`, as shells want it.
    Variable,
    /// The name of something declared: the word says of what.
    Reference(&'static str),
    /// `"3.10"`; a number would lose its zero.
    Version,
    /// `"90s"`, `"1h30m"`
    Duration,
    /// `"80%"`, `"512KiB"`, `"200ms"`, 4: the unit depends on the metric.
    Limit,
    /// A number with or without a fraction.
    Number,
    /// A whole number from 0.
    Count,
    /// 1 to 65535.
    Port,
    /// `#true` or `#false`
    Bool,
    /// `main`, `"release/*"`
    Glob,
    /// A path below the root.
    Path,
    /// An address with its scheme; also `(var)NAME`.
    Url,
    /// Five fields.
    Cron,
    /// A reference to a container image; also `(var)NAME`.
    Image,
    /// A condition.
    Expr,
    /// `(secret)NAME`, or a variable that holds it: never the secret itself.
    Secret,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any value.
    Any,
}

/// How often an argument stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Times {
    /// Once.
    One,
    /// Once or not at all.
    Optional,
    /// Any number, none included.
    Any,
    /// Once or more.
    Some,
}

/// A value by position.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// What it is, in one word.
    pub name: &'static str,
    /// What it must look like.
    pub ty: ValueType,
    /// How often it stands; `Any` and `Some` only for the last one.
    pub times: Times,
    /// What it says.
    pub doc: &'static str,
}

/// Where a setting is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// `depth=0`
    Property,
    /// `timeout "5m"` in the block.
    Child,
    /// As its author likes.
    Either,
}

/// A value by name.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What its value must look like.
    pub ty: ValueType,
    /// Where it is written.
    pub place: Place,
    /// Whether the child takes several values, and may stand again: such a list grows where templates merge, a single value is replaced.
    pub list: bool,
    /// Whether it must be given.
    pub required: bool,
    /// What holds without it; empty where nothing does.
    pub default: &'static str,
    /// What it says.
    pub doc: &'static str,
}

/// A word without a value.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The word.
    pub name: &'static str,
    /// Whether it may stand among the arguments too.
    pub word: bool,
    /// What it says.
    pub doc: &'static str,
}

/// Properties whose names are the user's.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// What a name is, in one word.
    pub name: &'static str,
    /// What a name must look like.
    pub key: ValueType,
    /// What a value must look like.
    pub ty: ValueType,
    /// Whether one must stand.
    pub required: bool,
    /// What they say.
    pub doc: &'static str,
}

/// How often a child stands, and what happens to it where templates merge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Many {
    /// At most once; the later one replaces the earlier one in a merge.
    Once,
    /// Exactly once.
    Required,
    /// Any number; a merge appends.
    List,
    /// Any number with different first arguments; a merge replaces the one of the same first argument.
    Keyed,
}

/// A child with a row of its own.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// Its row.
    pub shape: &'static Shape,
    /// How often it stands.
    pub many: Many,
}

/// A row: one node in one place.
#[derive(Debug)]
pub struct Shape {
    /// Unique: the name, or `parent.name` where one name means several things.
    pub id: &'static str,
    /// The name as written.
    pub name: &'static str,
    /// One line: what it is for.
    pub doc: &'static str,
    /// An example as it stands in a spec.
    pub example: &'static str,
    /// Values by position.
    pub args: &'static [Arg],
    /// Values by name.
    pub settings: &'static [&'static [Setting]],
    /// Words without a value.
    pub flags: &'static [Flag],
    /// Properties of any name.
    pub open: Option<Open>,
    /// Children with rows.
    pub children: &'static [&'static [Child]],
    /// Whether portable actions may be called among the children.
    pub calls: bool,
    /// Whether the content is another's: nothing in the block is looked at.
    pub foreign: bool,
}

/// A row that takes nothing yet.
const fn node(id: &'static str, name: &'static str, doc: &'static str, example: &'static str) -> Shape {
    Shape {
        id,
        name,
        doc,
        example,
        args: &[],
        settings: &[],
        flags: &[],
        open: None,
        children: &[],
        calls: false,
        foreign: false,
    }
}

impl Shape {
    const fn args(mut self, args: &'static [Arg]) -> Self {
        self.args = args;
        self
    }

    const fn settings(mut self, settings: &'static [&'static [Setting]]) -> Self {
        self.settings = settings;
        self
    }

    const fn flags(mut self, flags: &'static [Flag]) -> Self {
        self.flags = flags;
        self
    }

    const fn open(mut self, open: Open) -> Self {
        self.open = Some(open);
        self
    }

    const fn children(mut self, children: &'static [&'static [Child]]) -> Self {
        self.children = children;
        self
    }

    const fn calls(mut self) -> Self {
        self.calls = true;
        self
    }

    const fn foreign(mut self) -> Self {
        self.foreign = true;
        self
    }

    /// The row of a child by its name.
    pub fn child(&self, name: &str) -> Option<&'static Child> {
        self.every_child().find(|c| c.shape.name == name)
    }

    /// All children that have rows.
    pub fn every_child(&self) -> impl Iterator<Item = &'static Child> + use<> {
        self.children.iter().copied().flatten()
    }

    /// A setting by its name.
    pub fn setting(&self, name: &str) -> Option<&'static Setting> {
        self.every_setting().find(|s| s.name == name)
    }

    /// All settings.
    pub fn every_setting(&self) -> impl Iterator<Item = &'static Setting> + use<> {
        self.settings.iter().copied().flatten()
    }

    /// A flag by its name.
    pub fn flag(&self, name: &str) -> Option<&'static Flag> {
        self.flags.iter().find(|f| f.name == name)
    }

    /// The names that may stand in the block.
    pub fn block_words(&self) -> impl Iterator<Item = &'static str> + use<> {
        let settings = self.every_setting().filter(|s| s.place != Place::Property).map(|s| s.name);
        settings.chain(self.flags.iter().map(|f| f.name)).chain(self.every_child().map(|c| c.shape.name))
    }

    /// Whether a child of that name is a list, so that a merge keeps both.
    pub fn is_list(&self, name: &str) -> bool {
        let child = self.child(name).map(|c| c.many == Many::List);
        let setting = || self.setting(name).map(|s| s.list);
        child.or_else(setting).unwrap_or(self.flag(name).is_none())
    }
}

/// Every row that can be reached from the top of a file, each once, parents first.
pub fn all() -> Vec<&'static Shape> {
    let mut found: Vec<&'static Shape> = vec![&top::FILE];
    let mut next = 0;
    while let Some(shape) = found.get(next) {
        for child in shape.every_child() {
            if !found.iter().any(|s| s.id == child.shape.id) {
                found.push(child.shape);
            }
        }
        next += 1;
    }
    found
}

/// Whether some node, setting or flag of the table has that name.
pub fn is_node_word(word: &str) -> bool {
    all().iter().any(|s| s.block_words().any(|w| w == word))
}

/// The nodes in whose blocks a name may stand.
pub fn homes(word: &str) -> Vec<&'static str> {
    let found = all().into_iter().filter(|s| s.block_words().any(|w| w == word));
    let mut homes: Vec<&str> = found.map(|s| if s.name.is_empty() { "the top of the file" } else { s.name }).collect();
    homes.dedup();
    homes
}

impl Setting {
    const fn new(name: &'static str, ty: ValueType, place: Place, doc: &'static str) -> Self {
        Self { name, ty, place, list: false, required: false, default: "", doc }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }
}

/// A setting written as a property.
const fn prop(name: &'static str, ty: ValueType, doc: &'static str) -> Setting {
    Setting::new(name, ty, Place::Property, doc)
}

/// A setting written as a child.
const fn line(name: &'static str, ty: ValueType, doc: &'static str) -> Setting {
    Setting::new(name, ty, Place::Child, doc)
}

/// A setting written as a child with one or more values.
const fn list(name: &'static str, ty: ValueType, doc: &'static str) -> Setting {
    let mut setting = Setting::new(name, ty, Place::Child, doc);
    setting.list = true;
    setting
}

/// A setting written as a property or as a child.
const fn either(name: &'static str, ty: ValueType, doc: &'static str) -> Setting {
    Setting::new(name, ty, Place::Either, doc)
}

/// A setting written as a property, or as a child with one or more values.
const fn either_list(name: &'static str, ty: ValueType, doc: &'static str) -> Setting {
    let mut setting = Setting::new(name, ty, Place::Either, doc);
    setting.list = true;
    setting
}

/// A flag that is a child.
const fn flag(name: &'static str, doc: &'static str) -> Flag {
    Flag { name, word: false, doc }
}

/// A flag that is a word among the arguments, or a child.
const fn word(name: &'static str, doc: &'static str) -> Flag {
    Flag { name, word: true, doc }
}

const fn arg(name: &'static str, ty: ValueType, doc: &'static str) -> Arg {
    Arg { name, ty, times: Times::One, doc }
}

const fn maybe(name: &'static str, ty: ValueType, doc: &'static str) -> Arg {
    Arg { name, ty, times: Times::Optional, doc }
}

const fn any(name: &'static str, ty: ValueType, doc: &'static str) -> Arg {
    Arg { name, ty, times: Times::Any, doc }
}

const fn some(name: &'static str, ty: ValueType, doc: &'static str) -> Arg {
    Arg { name, ty, times: Times::Some, doc }
}

const fn once(shape: &'static Shape) -> Child {
    Child { shape, many: Many::Once }
}

const fn must(shape: &'static Shape) -> Child {
    Child { shape, many: Many::Required }
}

const fn many(shape: &'static Shape) -> Child {
    Child { shape, many: Many::List }
}

const fn keyed(shape: &'static Shape) -> Child {
    Child { shape, many: Many::Keyed }
}
