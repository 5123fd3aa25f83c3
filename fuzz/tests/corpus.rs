//! Replays each corpus, variants of its inputs with parts removed and inserted, and inputs of full
//! size.

use azure_oidc_fuzz::{ALL, corpus, run};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[test]
fn the_properties_hold_for_each_input_in_the_corpora() {
    for target in ALL {
        let seeds = corpus::seeds(target.name);
        assert!(!seeds.is_empty(), "no corpus for {}", target.name);
        seeds.iter().for_each(|seed| run(target.name, seed));
    }
}

#[test]
fn the_properties_hold_for_variants_of_the_inputs() {
    for target in ALL {
        let piece = prop_oneof![
            "\\PC{0,12}",
            "[{}\\[\\]\"'.,:*?#=\\\\ -]{0,6}",
            Just("eyJ".to_owned()),
            Just("\u{0}".to_owned())
        ];
        let seeds = corpus::seeds(target.name);
        let near = (prop::sample::select(seeds), any::<prop::sample::Index>(), 0..40_usize, piece);
        let mut runner = TestRunner::new(Config { cases: 1000, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&near, |(mut seed, at, cut, piece)| {
            let start = at.index(seed.len() + 1);
            let end = (start + cut).min(seed.len());
            seed.splice(start..end, piece.bytes());
            run(target.name, &seed);
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{}: {error}", target.name));
    }
}

/// Names are those of the folders in `corpus` and of the programs in `libfuzzer`.
#[test]
fn each_target_has_a_corpus_and_a_program() {
    let names: Vec<_> = ALL.iter().map(|target| target.name.to_owned()).collect();
    let found = |folder: &str| {
        let entries = std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
        let mut found: Vec<_> =
            entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        found.sort();
        found
    };
    assert_eq!(found("corpus"), names);
    assert_eq!(found("libfuzzer/fuzz_targets"), names);
}
