//! What an option is: a row of a table. The reader, the checks and the help use the same row, and `options!` makes a struct of rows.

/// One option, or what stands in the place of some.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Its name, without the dashes.
    pub(crate) name: &'static str,
    /// How it is given.
    pub(crate) kind: Kind,
    /// What its value is called.
    pub(crate) value: &'static str,
    /// What it is for.
    pub(crate) help: &'static str,
    /// The heading of the help that it stands under; empty for the first.
    pub(crate) heading: &'static str,
    /// What it is when it is not given; empty for nothing.
    pub(crate) default: &'static str,
    /// The only values that it can have; empty when it is not so simple.
    pub(crate) choices: &'static [&'static str],
    /// The option without which it means nothing.
    pub(crate) needs: &'static str,
    /// The options that it cannot be with. It is enough that one of the two says so.
    pub(crate) excludes: &'static [&'static str],
    /// The options of a [`Kind::Group`].
    pub(crate) rows: &'static [Row],
}

/// How an option is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Without a value, once.
    Switch,
    /// With a value, once.
    One,
    /// With a value, as often as one likes.
    Many,
    /// As often as one likes, and several values with commas between them.
    List,
    /// Without a name: a word by itself, which must be there.
    Word,
    /// A part of a pipeline, as [`Many`](Self::Many). The end of the help has it, with the platform that takes it.
    Part,
    /// In this place, the options that several commands share.
    Group,
    /// In this place, the parts of every platform.
    Parts,
}

impl Row {
    /// Under this heading of the help.
    pub(crate) const fn under(mut self, heading: &'static str) -> Self {
        self.heading = heading;
        self
    }

    /// This, when it is not given.
    pub(crate) const fn or(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// One of these values, and no other.
    pub(crate) const fn among(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    /// Only together with another option.
    pub(crate) const fn needs(mut self, other: &'static str) -> Self {
        self.needs = other;
        self
    }

    /// Never together with these.
    pub(crate) const fn excludes(mut self, others: &'static [&'static str]) -> Self {
        self.excludes = others;
        self
    }

    /// With its name and help, which `options!` takes from the field.
    pub(crate) const fn of(mut self, name: &'static str, help: &'static str) -> Self {
        (self.name, self.help) = (name, help);
        self
    }
}

/// An option without a value.
pub(crate) const fn switch() -> Row {
    row(Kind::Switch, "")
}

/// An option with a value.
pub(crate) const fn one(value: &'static str) -> Row {
    row(Kind::One, value)
}

/// An option that may be repeated.
pub(crate) const fn many(value: &'static str) -> Row {
    row(Kind::Many, value)
}

/// An option that may be repeated, or have several values with commas between them.
pub(crate) const fn list(value: &'static str) -> Row {
    row(Kind::List, value)
}

/// A word by itself.
pub(crate) const fn word(value: &'static str) -> Row {
    row(Kind::Word, value)
}

/// Options that several commands share.
pub(crate) const fn group(rows: &'static [Row]) -> Row {
    Row { rows, ..row(Kind::Group, "") }
}

/// The parts of every platform.
pub(crate) const fn parts() -> Row {
    row(Kind::Parts, "")
}

/// One part.
pub(crate) const fn part() -> Row {
    row(Kind::Part, "VALUE")
}

const fn row(kind: Kind, value: &'static str) -> Row {
    Row { name: "", kind, value, help: "", heading: "", default: "", choices: &[], needs: "", excludes: &[], rows: &[] }
}

/// Makes a struct, its table and what fills it. A field is an option, written
///
/// ```text
/// /// What it is for, as the help says it
/// its_name: Type = row of the table => function that reads the type,
/// ```
///
/// and `its_name` is `--its-name` on the command line.
macro_rules! options {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $($(#[doc = $help:literal])+ $field:ident: $type:ty = $row:expr => $read:path,)+
        }
    ) => {
        $(#[$attribute])*
        pub struct $name {
            $($(#[doc = $help])+ pub $field: $type,)+
        }

        impl $name {
            pub(crate) const ROWS: &'static [$crate::table::Row] =
                &[$($row.of($crate::table::name!($field), concat!($($help),+))),+];

            pub(crate) fn read(given: &$crate::reader::Given, _name: &'static str) -> Result<Self, azure_oidc_core::Fault> {
                Ok(Self { $($field: $read(given, $crate::table::name!($field))?),+ })
            }
        }
    };
}

/// `its_name` as `its-name`, when the program is compiled.
macro_rules! name {
    ($field:ident) => {{
        const BYTES: [u8; stringify!($field).len()] = $crate::table::dashed(stringify!($field));
        const NAME: &str = match str::from_utf8(&BYTES) {
            Ok(name) => name,
            Err(_) => panic!(),
        };
        NAME
    }};
}

pub(crate) use {name, options};

pub(crate) const fn dashed<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let mut bytes = [b'-'; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        if name.as_bytes()[at] != b'_' {
            bytes[at] = name.as_bytes()[at];
        }
        at += 1;
    }
    bytes
}
