//! Reads the corpora, and makes inputs of full size from them.

use std::fs;
use std::path::Path;

use crate::Target;

/// The inputs of a target's corpus, in the order of their names.
///
/// # Panics
/// If the corpus cannot be read.
pub fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))).collect()
}

/// Inputs of full size: each seed with its whole text, its last line, one of its eighths, or one
/// byte repeated. A parser that is not linear takes too long for one of them.
pub fn full_size(target: &Target) -> Vec<Vec<u8>> {
    seeds(target.name).iter().flat_map(|seed| grown(seed, target.largest)).collect()
}

fn grown(seed: &[u8], largest: usize) -> Vec<Vec<u8>> {
    let last_line = seed.trim_ascii_end().iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let eighth = |number: usize| seed.len() * number / 8..seed.len() * (number + 1) / 8;
    let byte = seed.len() * 2 / 3;
    let parts = [0..seed.len(), last_line..seed.len(), byte..byte + 1].into_iter().chain((0..8).map(eighth));
    let is_usable = |part: &std::ops::Range<usize>| !part.is_empty() && part.end <= seed.len();
    parts.filter(is_usable).map(|part| repeated(seed, part, largest)).collect()
}

/// The seed with this part repeated until the input has its full size.
fn repeated(seed: &[u8], part: std::ops::Range<usize>, largest: usize) -> Vec<u8> {
    let (head, tail) = (&seed[..part.end], &seed[part.end..]);
    let times = largest.saturating_sub(seed.len()) / part.len();
    [head, &seed[part].repeat(times), tail].concat()
}
