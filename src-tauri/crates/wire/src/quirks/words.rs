//! Closed lists of words, as configuration files write them.

/// The words of one list.
pub trait Word: Copy + 'static {
    /// Every one of them, in the order in which lists show them.
    const ALL: &'static [Self];
    /// How files write them, in the same order.
    const WORDS: &'static [&'static str];

    /// Returns how files write it.
    fn word(self) -> &'static str;
}

/// Makes a list of words an enum; with `in`, also a set of them.
macro_rules! words {
    (
        $(#[$about:meta])*
        $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$each])* #[serde(rename = $word)] $variant,)+
        }

        impl $crate::quirks::words::Word for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];
            const WORDS: &'static [&'static str] = &[$($word,)+];

            fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
    (
        $(#[$about_set:meta])*
        $set:ident in
        $(#[$about:meta])*
        $name:ident { $($body:tt)+ }
    ) => {
        words! { $(#[$about])* $name { $($body)+ } }

        $(#[$about_set])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $set(u32);

        impl $set {
            /// Holds none.
            pub const NONE: Self = Self(0);

            /// Makes a set of these.
            pub const fn of(members: &[$name]) -> Self {
                let mut set = Self::NONE;
                let mut at = 0;
                while at < members.len() {
                    set.0 |= 1 << members[at] as u32;
                    at += 1;
                }
                set
            }

            /// Tells whether it holds this one.
            pub const fn has(self, member: $name) -> bool {
                self.0 & (1 << member as u32) != 0
            }

            /// Returns the set with one more.
            #[must_use]
            pub const fn with(self, member: $name) -> Self {
                Self(self.0 | 1 << member as u32)
            }

            /// Tells whether it holds none.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Returns its members, in the order of their list.
            pub fn members(self) -> impl Iterator<Item = $name> {
                <$name as $crate::quirks::words::Word>::ALL
                    .iter()
                    .copied()
                    .filter(move |member| self.has(*member))
            }
        }
    };
}

pub(super) use words;
