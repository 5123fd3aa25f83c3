//! Replays each corpus, and variants of its inputs with parts removed and inserted.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[test]
fn the_properties_hold_for_each_input_in_the_corpora() {
    for (name, property) in azure_oidc_fuzz::ALL {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "no corpus for {name}");
        seeds.iter().for_each(|seed| property(seed));
    }
}

#[test]
fn the_properties_hold_for_variants_of_the_inputs() {
    for (name, property) in azure_oidc_fuzz::ALL {
        let piece = prop_oneof![
            "\\PC{0,12}",
            "[{}\\[\\]\"'.,:*?#=\\\\ -]{0,6}",
            Just("eyJ".to_owned()),
            Just("\u{0}".to_owned())
        ];
        let near = (prop::sample::select(seeds(name)), any::<prop::sample::Index>(), 0..40_usize, piece);
        let mut runner = TestRunner::new(Config { cases: 2000, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&near, |(seed, at, cut, piece)| {
            let mut characters: Vec<char> = seed.chars().collect();
            let start = at.index(characters.len() + 1);
            let end = (start + cut).min(characters.len());
            characters.splice(start..end, piece.chars());
            property(&characters.into_iter().collect::<String>());
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

fn seeds(name: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files
        .iter()
        .filter_map(|file| fs::read(file).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}
