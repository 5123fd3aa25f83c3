//! Enums of reasons: each reason has a variant to match on, a stable code and a sentence.

/// Defines such an enum. Each row has the variant, its code, and its sentence, which is also the
/// variant's documentation. The rows are in the order of the codes.
macro_rules! reasons {
    ($(#[$attribute:meta])* $name:ident { $($variant:ident, $code:literal, $sentence:literal;)* }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $(#[doc = $sentence] $variant,)* }

        impl $name {
            /// Every reason, in the order of the codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name in kebab-case. Its meaning never changes; new ones are added.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it means: one sentence without a trailing full stop.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}
pub(crate) use reasons;
