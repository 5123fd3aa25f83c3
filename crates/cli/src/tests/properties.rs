//! Property tests of the parser with arbitrary arguments.

use proptest::prelude::*;

use super::*;
use crate::definition::program;

/// Words of any kind, often ones that mean something.
fn any_word() -> impl Strategy<Value = String> {
    let mut program = program(&[]);
    program.build();
    let names = program.get_subcommands().flat_map(|command| {
        let options = command.get_arguments().filter_map(|option| option.get_long()).map(|name| format!("--{name}"));
        options.chain([command.get_name().to_owned()]).collect::<Vec<_>>()
    });
    let known: Vec<_> = names.chain(["-", "--", "-h", "-V", "-v", "--help", "json", "5s"].map(str::to_owned)).collect();
    let known = prop::sample::select(known);
    let long = "[a-z.=-]{81,200}";
    prop_oneof![
        4 => known.clone(),
        2 => (known.clone(), ".*").prop_map(|(name, value)| format!("{name}={value}")),
        1 => (known, long).prop_map(|(name, value)| format!("{name}={value}")),
        1 => ".*",
        1 => long,
        1 => "--?[a-z=-]{0,12}",
    ]
}

proptest! {
    #[test]
    fn no_words_panic_and_no_long_one_is_repeated(words in prop::collection::vec(any_word(), 0..8)) {
        let Err(Unread::Usage(fault)) = parse(&words) else { return Ok(()) };
        let said = failure::json(&fault);
        prop_assert!(!fault.message.is_empty() && !fault.message.contains('\n'), "{}", said);
        for word in &words {
            let value = word.split_once('=').map_or("", |(_, value)| value);
            for text in [word.as_str(), value] {
                prop_assert!(text.len() <= 80 || !said.contains(text), "{}", said);
            }
        }
    }
}
