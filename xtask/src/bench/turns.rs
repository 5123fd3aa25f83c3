//! Programs take turns in a random order, and are compared pair by pair: two runs of the same round
//! had the same load beside them.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Rounds with the same copies of the programs. Identical bytes run up to an eighth slower or faster
/// after another copy, by where the system places them in memory.
const ROUNDS_PER_COPY: usize = 25;

/// A program that takes part.
pub(crate) struct Contender {
    name: String,
    command: Command,
    is_copied: bool,
    pub(crate) times: Vec<Duration>,
}

impl Contender {
    /// One of the project's programs. It runs from a copy.
    pub(crate) fn own(name: &str, command: Command) -> Self {
        Self { name: name.to_owned(), command, is_copied: true, times: Vec::new() }
    }

    /// A program of others. It runs where it is, because it may look for files beside it.
    pub(crate) fn installed(name: &str, command: Command) -> Self {
        Self { is_copied: false, ..Self::own(name, command) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The command, or the same with a copy of its program in this folder.
    fn placed(&self, folder: &Path) -> Result<Command> {
        let program = Path::new(self.command.get_program());
        let copy = folder.join(&self.name);
        let mut command = Command::new(if self.is_copied { copy.as_os_str() } else { program.as_os_str() });
        if self.is_copied {
            std::fs::copy(program, &copy).with_context(|| program.display().to_string())?;
        }
        command.args(self.command.get_args()).env_clear();
        for (name, value) in self.command.get_envs() {
            value.map(|value| command.env(name, value));
        }
        Ok(command)
    }

    fn sorted(&self) -> Vec<Duration> {
        let mut times = self.times.clone();
        times.sort_unstable();
        times
    }

    pub(crate) fn median(&self) -> Duration {
        self.sorted()[self.times.len() / 2]
    }
}

/// Runs all contenders in so many rounds. The first one of each copy warms up and does not count.
pub(crate) fn run(
    contenders: &mut [Contender],
    rounds: usize,
    mut once: impl FnMut(&mut Command) -> Result<()>,
) -> Result<()> {
    let mut done = 0;
    while done < rounds {
        let folder = tempfile::tempdir()?;
        let mut commands = Vec::new();
        for contender in contenders.iter() {
            let mut command = contender.placed(folder.path())?;
            once(&mut command)?;
            commands.push(command);
        }
        for _ in 0..ROUNDS_PER_COPY.min(rounds - done) {
            for number in shuffled(contenders.len()) {
                let start = Instant::now();
                once(&mut commands[number])?;
                contenders[number].times.push(start.elapsed());
            }
            done += 1;
        }
    }
    Ok(())
}

/// The numbers below this one in a random order.
fn shuffled(count: usize) -> Vec<usize> {
    let mut order: Vec<_> = (0..count).collect();
    let random = RandomState::new();
    order.sort_by_cached_key(|number| random.hash_one(number));
    order
}

/// Prints the times, and the ratios of the first contender to each other one.
pub(crate) fn print(contenders: &[Contender]) {
    let [own, others @ ..] = contenders else { return };
    let width = contenders.iter().map(|contender| contender.name.len()).max().unwrap_or_default();
    for contender in contenders {
        let times = contender.sorted();
        let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1000.0;
        println!("  {:<width$}  {:7.2} ms ({:.2} to {:.2})", contender.name, at(50), at(5), at(95));
    }
    for other in others {
        let [low, middle, high] = ratios(own, other);
        println!("  {} / {}: {middle:.2} ({low:.2} to {high:.2})", own.name, other.name);
    }
}

/// The ratios of the rounds: the lower quartile, the median, and the upper quartile.
pub(crate) fn ratios(one: &Contender, other: &Contender) -> [f64; 3] {
    let pairs = one.times.iter().zip(&other.times);
    let mut ratios: Vec<_> = pairs.map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| ratios[ratios.len() * quarter / 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contender(millis: &[u64]) -> Contender {
        let mut contender = Contender::own("x", Command::new("x"));
        contender.times = millis.iter().copied().map(Duration::from_millis).collect();
        contender
    }

    #[test]
    fn ratios_are_those_of_pairs() {
        let (one, other) = (contender(&[10, 100, 1000, 7]), contender(&[10, 50, 1000, 7]));
        assert_eq!(ratios(&one, &other), [1.0, 1.0, 2.0]);
    }

    #[test]
    fn an_order_has_each_number_once() {
        let mut order = shuffled(9);
        order.sort_unstable();
        assert_eq!(order, (0..9).collect::<Vec<_>>());
    }
}
