//! Placeholder of the glob dialect.
/// A glob.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glob {
    /// Its text.
    pub text: String,
}
impl Glob {
    /// Whether a name is in the set.
    pub fn matches(&self, name: &str) -> bool {
        self.text == name
    }
}
