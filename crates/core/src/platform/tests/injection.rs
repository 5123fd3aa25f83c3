//! Tests that a hostile value stays one value for each reader of published results.

use proptest::prelude::*;

use super::super::{File, Platform, Publication, Secret, Value, dotenv, text};
use super::consumers::{self, Logging};
use super::{environment, platform};
use crate::ports::fixed::Variables;

const PIECES: &[&str] = &[
    "a",
    "Z9",
    "é",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\nEVIL=1\n",
    "EVIL=1",
    "\nEVIL<<x\n1\nx\n",
    "<<",
    "=",
    ":",
    ";",
    ",",
    "]",
    "[",
    "%",
    "%0A",
    "%0D",
    "%25",
    "%AZP25",
    "%3B",
    "%5D",
    "##vso[task.setvariable variable=EVIL]1",
    "\n##vso[task.setvariable variable=EVIL]1\n",
    "::add-mask::EVIL",
    "\n::set-env name=EVIL::1\n",
    "##[command]",
    "'",
    "''",
    "\"",
    "\\",
    "\\n",
    "`EVIL=1`",
    "$(EVIL=1)",
    "$EVIL",
    "${EVIL:=1}",
    "#",
    " # ",
    "!",
    "~",
    "&",
    "|",
    "EVIL=1;",
    "'; export EVIL=1; '",
    "\n'\nexport EVIL=1\n'",
    "__B64__",
    "__B64__RVZJTA==",
    "ghadelimiter_",
    "export ",
    "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln",
    "\u{a0}",
    "\u{2028}",
    "\u{85}",
];

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::collection::vec(proptest::sample::select(PIECES), 0..8).prop_map(|pieces| pieces.concat()),
        1 => "[^\0]{0,40}",
    ]
}

fn pair(first: &str, second: &str, secret: bool) -> [Value; 2] {
    [("FIRST", first), ("SECOND", second)].map(|(name, value)| Value {
        name: name.into(),
        value: Secret::new(value),
        secret,
    })
}

fn wanted(first: &str, second: &str) -> consumers::Variables {
    vec![("FIRST".into(), first.into()), ("SECOND".into(), second.into())]
}

fn job(name: &str) -> (&'static dyn Platform, Variables) {
    let env = environment(
        "HARNESS_OUTPUT_SECRET_FILE=/secrets
         DRONE_OUTPUT=/outputs
         BASH_ENV=/bash_env
         GITHUB_OUTPUT=/output",
    );
    (platform(name), env)
}

fn appended(publications: &[Publication]) -> (&File, &str) {
    let files: Vec<_> = publications
        .iter()
        .filter_map(|publication| match publication {
            Publication::Append { file, lines } => Some((file, lines.reveal())),
            _ => None,
        })
        .collect();
    let [(file, lines)] = files.as_slice() else { panic!("{publications:?}") };
    assert!(lines.ends_with('\n'), "whole lines only");
    (file, lines)
}

fn printed(publications: &[Publication]) -> String {
    publications
        .iter()
        .filter_map(|publication| match publication {
            Publication::Mask(text) | Publication::Print(text) | Publication::Source(text) => Some(text.reveal()),
            _ => None,
        })
        .collect()
}

proptest! {
    #[test]
    fn harness_gives_back_every_value_from_the_secret_file(first in hostile(), second in hostile()) {
        let (harness, env) = job("harness");
        let publications = harness.publish(&pair(&first, &second, true), &env).unwrap();
        let (file, lines) = appended(&publications);
        prop_assert_eq!(file, &File::Variable("HARNESS_OUTPUT_SECRET_FILE"));
        prop_assert_eq!(consumers::harness(lines), wanted(&first, &second));
    }

    #[test]
    fn github_gives_back_every_value_from_the_output_file(first in hostile(), second in hostile()) {
        let (github, env) = job("github");
        let publications = github.publish(&pair(&first, &second, true), &env).unwrap();
        let (file, lines) = appended(&publications);
        prop_assert_eq!(file, &File::Variable("GITHUB_OUTPUT"));
        prop_assert_eq!(consumers::github_file(lines), wanted(&first, &second));
    }

    #[test]
    fn github_masks_every_secret_and_reads_no_other_command(first in hostile(), second in hostile()) {
        let (github, env) = job("github");
        let commands = consumers::github_commands(&printed(&github.publish(&pair(&first, &second, true), &env).unwrap()));
        let masks = [first, second].into_iter().filter(|value| !value.is_empty());
        prop_assert_eq!(commands, masks.map(|value| ("add-mask".to_owned(), value)).collect::<Vec<_>>());
        let plain = github.publish(&pair("a", "b", false), &env).unwrap();
        prop_assert_eq!(printed(&plain), "", "what is no secret is not masked");
    }

    #[test]
    fn azure_pipelines_reads_every_value_and_no_other_command(first in hostile(), second in hostile()) {
        let (azure, env) = job("azure-pipelines");
        let commands = consumers::azure_pipelines(&printed(&azure.publish(&pair(&first, &second, false), &env).unwrap()));
        let (mut variables, mut outputs) = (Vec::new(), Vec::new());
        for Logging { command, properties, data } in commands {
            prop_assert_eq!(command, "task.setvariable");
            prop_assert_eq!(&properties[0].0, "variable");
            let into = if properties.len() == 1 { &mut variables } else { &mut outputs };
            into.push((properties[0].1.clone(), data));
        }
        prop_assert_eq!(&variables, &wanted(&first, &second));
        prop_assert_eq!(&outputs, &wanted(&first, &second));
    }

    #[test]
    fn azure_pipelines_masks_a_secret_before_it_sets_it_and_refuses_one_that_it_cannot_mask(value in hostile()) {
        let (azure, env) = job("azure-pipelines");
        match azure.publish(&pair(&value, "x", true), &env) {
            Err(fault) => {
                prop_assert!(value.contains(['\r', '\n']));
                prop_assert_eq!(fault.code, "value-multi-line");
            }
            Ok(publications) => {
                let commands = consumers::azure_pipelines(&printed(&publications));
                let masks = commands.iter().take_while(|command| command.command == "task.setsecret").count();
                prop_assert_eq!(masks, if value.is_empty() { 1 } else { 2 });
                for command in &commands[masks..] {
                    prop_assert_eq!(&command.command, "task.setvariable");
                    prop_assert_eq!(&command.properties[1], &("issecret".to_owned(), "true".to_owned()));
                }
            }
        }
    }

    #[test]
    fn files_that_know_no_quoting_get_plain_values_or_none(first in hostile(), second in hostile()) {
        let values = pair(&first, &second, true);
        let pulumi = platform("pulumi").publish(&values, &Variables::default());
        match &pulumi {
            Ok(publications) => prop_assert_eq!(consumers::plain(appended(publications).1), wanted(&first, &second)),
            Err(fault) => prop_assert_eq!(fault.code, "value-not-plain"),
        }
        match dotenv(&values) {
            Ok(lines) => prop_assert_eq!(consumers::plain(lines.reveal()), wanted(&first, &second)),
            Err(fault) => prop_assert_eq!(fault.code, "value-not-plain"),
        }
        prop_assert_eq!(pulumi.is_ok(), dotenv(&values).is_ok());
    }
}

proptest! {
    #[test]
    fn a_defused_text_is_obeyed_by_nobody(text in hostile(), joiner in "[\u{200b}\u{200d}\u{ad} ]?") {
        for text in [text.replace("##", &format!("#{joiner}#")).replace("::", &format!(":{joiner}:")), format!("{joiner}{text}")] {
            // To a comparison by the rules of a language these are not there.
            let seen = text::defuse(&text).replace(['\u{200b}', '\u{200d}', '\u{ad}'], "");
            prop_assert_eq!(consumers::azure_pipelines(&seen), []);
            prop_assert_eq!(consumers::github_commands(&seen), []);
            prop_assert!(!seen.contains("##["));
        }
    }
}

#[cfg(unix)]
mod shells {
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn bash_gives_back_every_value_and_runs_nothing(first in hostile(), second in hostile()) {
            for name in ["circleci", "gitlab", "buildkite", "generic"] {
                let (platform, env) = job(name);
                let publications = platform.publish(&pair(&first, &second, true), &env).unwrap();
                let lines = if name == "circleci" { appended(&publications).1.to_owned() } else { printed(&publications) };
                let values = consumers::bash(&lines, &["FIRST", "SECOND", "EVIL"]);
                prop_assert_eq!(values, [first.as_str(), second.as_str(), "unset"]);
            }
        }
    }

    #[test]
    fn exported_values_reach_child_processes() {
        let (gitlab, env) = job("gitlab");
        let lines = printed(&gitlab.publish(&pair("it's", "2", true), &env).unwrap());
        let script = format!("{lines}exec bash -c 'printf %s \"$FIRST\"'");
        let output = std::process::Command::new("bash").arg("-c").arg(script).output().unwrap();
        assert_eq!(output.stdout, b"it's");
    }
}

#[test]
fn a_value_cannot_contain_its_delimiter() {
    let (github, env) = job("github");
    let publish = |value: &str| {
        let publications = github.publish(&pair(value, "", true)[..1], &env).unwrap();
        appended(&publications).1.to_owned()
    };
    let first = publish("x");
    let delimiter = first.lines().next().unwrap().split_once("<<").unwrap().1.to_owned();
    let value = format!("{delimiter}\nEVIL=1");
    assert_eq!(consumers::github_file(&publish(&value)), [("FIRST".to_owned(), value)]);
}

#[test]
fn every_platform_refuses_invalid_names_and_values_with_nul() {
    let named = |name: &str, value: &str| [Value { name: name.into(), value: Secret::new(value), secret: true }];
    for platform in super::super::ALL {
        let (_, env) = job("harness");
        for name in ["", "A B", "A=B", "A\nEVIL", "A]##vso[", "1A", "A<<x", "Ä"] {
            let fault = platform.publish(&named(name, "x"), &env).unwrap_err();
            assert_eq!((platform.name(), fault.code), (platform.name(), "output-name-invalid"), "{name}");
        }
        let fault = platform.publish(&named("A", "x\0y"), &env).unwrap_err();
        assert_eq!((platform.name(), fault.code), (platform.name(), "value-has-nul"));
    }
}
