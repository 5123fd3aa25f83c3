//! Reads what libFuzzer prints, and makes a table of it.

use std::fmt;

/// One run of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Round {
    target: String,
    /// The kind of inputs.
    inputs: &'static str,
    /// The time that it had, in seconds.
    seconds: u64,
    executions: u64,
    /// The covered edges of the code.
    covered: u64,
    /// The longest time of one input, in seconds.
    slowest: u64,
    /// The most memory that was in use, in MiB.
    memory: u64,
    has_ended_well: bool,
}

impl Round {
    /// `printed` is libFuzzer's standard error, with its final statistics.
    pub(super) fn read(target: &str, inputs: &'static str, seconds: u64, has_ended_well: bool, printed: &str) -> Self {
        let last = |mark: &str| {
            let (_, rest) = printed.rsplit_once(mark)?;
            rest.split_whitespace().next()?.parse().ok()
        };
        Self {
            target: target.to_owned(),
            inputs,
            seconds,
            executions: last("stat::number_of_executed_units:").unwrap_or_default(),
            covered: last(" cov: ").unwrap_or_default(),
            slowest: last("stat::slowest_unit_time_sec:").unwrap_or_default(),
            memory: last("stat::peak_rss_mb:").unwrap_or_default(),
            has_ended_well,
        }
    }

    /// Whether an input broke the property or took too long. A run without executions tested
    /// nothing, and counts as broken too.
    pub(super) fn is_broken(&self) -> bool {
        !self.has_ended_well || self.executions == 0
    }

    /// What libFuzzer prints about a finding: the panic, and the file with the input.
    pub(super) fn finding(&self, printed: &str) -> String {
        let marks = ["panicked at", "ERROR: libFuzzer", "Test unit written to", "ALARM:"];
        let lines: Vec<_> = printed.lines().collect();
        let shown = |(at, line): (usize, &&str)| {
            let follows = at > 0 && lines[at - 1].contains("panicked at");
            (follows || marks.iter().any(|mark| line.contains(mark))).then(|| format!("  {}", cut(line)))
        };
        lines.iter().enumerate().filter_map(shown).collect::<Vec<_>>().join("\n")
    }
}

/// The beginning of a line. A panic can show an input of full size.
fn cut(line: &str) -> String {
    line.chars().take(300).collect()
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} inputs)", self.target, self.inputs)
    }
}

/// A table of all runs, and the sum of their executions.
pub(super) fn table(rounds: &[Round]) -> String {
    let heading = format!(
        "{:<12} {:<10} {:>7} {:>12} {:>9} {:>9} {:>7}  result",
        "target", "inputs", "seconds", "executions", "coverage", "slowest", "MiB"
    );
    let row = |round: &Round| {
        let result = if round.is_broken() { "BROKEN" } else { "nothing found" };
        let Round { target, inputs, seconds, executions, covered, slowest, memory, .. } = round;
        format!(
            "{target:<12} {inputs:<10} {seconds:>7} {executions:>12} {covered:>9} {slowest:>7} s {memory:>7}  {result}"
        )
    };
    let executions: u64 = rounds.iter().map(|round| round.executions).sum();
    let broken = rounds.iter().filter(|round| round.is_broken()).count();
    let sum = format!("{executions} executions, {broken} of {} runs found something", rounds.len());
    std::iter::once(heading).chain(rounds.iter().map(row)).chain([sum]).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "#8 INITED cov: 10 ft: 12\n#4096 pulse  cov: 1234 ft: 99 corp: 3\n\
                           thread '<unnamed>' panicked at fuzz/src/time.rs:16:5:\naadsts: 1048576 bytes take 3s\n\
                           ==1== ERROR: libFuzzer: deadly signal\nstat::number_of_executed_units: 4711\n\
                           stat::slowest_unit_time_sec:    3\nstat::peak_rss_mb:              29\n\
                           Test unit written to /x/crash-1\n";

    #[test]
    fn the_last_figures_that_are_printed_count() {
        let round = Round::read("token", "short", 45, true, PRINTED);
        assert_eq!((round.executions, round.covered, round.slowest, round.memory), (4711, 1234, 3, 29));
        assert!(!round.is_broken());
        assert!(table(&[round]).ends_with("4711 executions, 0 of 1 runs found something"));
    }

    #[test]
    fn a_run_that_failed_or_executed_nothing_is_broken() {
        assert!(Round::read("token", "short", 45, false, PRINTED).is_broken());
        assert!(Round::read("token", "short", 45, true, "").is_broken());
    }

    #[test]
    fn a_finding_is_the_panic_and_the_file() {
        let finding = Round::read("aadsts", "full size", 15, false, PRINTED).finding(PRINTED);
        for part in ["time.rs:16", "1048576 bytes take 3s", "/x/crash-1"] {
            assert!(finding.contains(part), "{finding}");
        }
    }
}
