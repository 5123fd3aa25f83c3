//! The parts of a pipeline as options of `credential`, such as `--org contoso`: whatever the platforms take.

use azure_oidc_core::platform;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

/// Names and values, as they were given.
#[derive(Debug, Clone, Default)]
pub struct Parts(pub Vec<(String, String)>);

impl Args for Parts {
    fn augment_args(mut command: Command) -> Command {
        for name in names() {
            if command.get_arguments().all(|argument| argument.get_long() != Some(name)) {
                command = command.arg(Arg::new(name).long(name).action(ArgAction::Append).hide(true));
            }
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Parts {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut parts: Vec<(String, String)> = Vec::new();
        for name in names() {
            // `--issuer` is an option of its own, and a part of some platforms.
            let seen = parts.iter().any(|(known, _)| known == name);
            let given = matches.try_get_many::<String>(name).ok().flatten().filter(|_| !seen && name != "issuer");
            parts.extend(given.into_iter().flatten().map(|value| (name.to_owned(), value.clone())));
        }
        Ok(Self(parts))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What each platform takes, for the end of the help; of one platform when the arguments name it.
pub(crate) fn help(arguments: &[String]) -> String {
    let named = platform::ALL.iter().find(|platform| arguments.iter().any(|argument| argument == platform.name()));
    let mut text = "\nParts of each platform, to be given as options, such as `--org contoso`:\n".to_owned();
    for one in named.map_or(platform::ALL, std::slice::from_ref) {
        if !one.parts().is_empty() {
            text += &format!("{}:\n{}", one.name(), platform::listed(one.parts()));
        }
    }
    text
}

fn names() -> impl Iterator<Item = &'static str> {
    platform::ALL.iter().flat_map(|platform| platform.parts()).map(|part| part.name)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::{Cli, Command as Chosen, parse};

    #[test]
    fn every_part_of_every_platform_is_an_option() {
        for platform in platform::ALL {
            for part in platform.parts() {
                let line = ["credential", "--platform", platform.name(), &format!("--{}", part.name), part.example];
                let cli = parse(line.map(str::to_owned)).unwrap();
                let Chosen::Credential(args) = cli.command else { panic!() };
                let part = (part.name.to_owned(), part.example.to_owned());
                assert!(args.parts.0 == [part.clone()] || args.issuer.as_ref() == Some(&part.1), "{part:?}");
            }
        }
    }

    #[test]
    fn values_of_one_part_stay_in_order_and_take_any_text() {
        let line = "credential --branch b --repo o/r --branch=a=1 --branch=-x";
        let Ok(Cli { command: Chosen::Credential(args), .. }) = parse(line.split(' ').map(str::to_owned)) else {
            panic!()
        };
        let branches: Vec<_> =
            args.parts.0.iter().filter(|(name, _)| name == "branch").map(|(_, value)| value).collect();
        assert_eq!(branches, ["b", "a=1", "-x"]);
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
