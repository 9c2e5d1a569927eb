//! Enums whose values are words of the language.

/// An enum, each value with the word that a spec uses for it.
macro_rules! fields {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every one with the word a spec uses.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($text, Self::$variant),)*];

            /// The one of a word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().find(|(w, _)| *w == word).map(|(_, f)| *f)
            }

            /// The word a spec uses.
            pub fn word(self) -> &'static str {
                Self::ALL.iter().find(|(_, f)| *f == self).map_or("", |(w, _)| w)
            }
        }
    };
}
pub(crate) use fields;
