//! Accepts the parts of each platform's subject as options of `credential`, such as `--org
//! contoso`.

use std::collections::BTreeMap;

use azure_oidc_core::platform;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Args, Command, Error, FromArgMatches, Id};

const GROUP: &str = "parts";

/// Names and values of parts, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Parts(pub Vec<(String, String)>);

impl Args for Parts {
    fn augment_args(mut command: Command) -> Command {
        for part in platform::ALL.iter().flat_map(|platform| platform.parts()) {
            // Two platforms may have a part of the same name, and `--issuer` is an option of the
            // command.
            if command.get_arguments().all(|known| known.get_long() != Some(part.name)) {
                let option = Arg::new(part.name).long(part.name).value_name("VALUE").group(GROUP);
                command = command.arg(option.action(ArgAction::Append).hide(true));
            }
        }
        command.group(ArgGroup::new(GROUP).multiple(true))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Parts {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut values = BTreeMap::new();
        let mut next = |id: &Id| {
            let values = values.entry(id.to_string()).or_insert_with(|| matches.get_many::<String>(id.as_str()));
            Some((id.to_string(), values.as_mut()?.next()?.clone()))
        };
        // The group has one entry for each time that a part was given.
        Ok(Self(matches.get_many::<Id>(GROUP).into_iter().flatten().filter_map(&mut next).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Lists the parts of each platform for the end of the help; only of one platform when the words
/// name it.
pub(crate) fn help(words: &[String]) -> String {
    let is_named = |name: &str| words.iter().any(|word| word.strip_prefix("--platform=").unwrap_or(word) == name);
    let named = platform::ALL.iter().find(|platform| is_named(platform.name()));
    let mut text = "Parts of each platform, as options, such as `--org contoso`:".to_owned();
    for one in named.map_or(platform::ALL, std::slice::from_ref) {
        if !one.parts().is_empty() {
            text += &format!("\n{}:\n{}", one.name(), platform::listed(one.parts()).trim_end());
        }
    }
    text
}
