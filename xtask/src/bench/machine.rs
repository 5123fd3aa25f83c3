//! Says which machine measures, and how busy it is with other programs meanwhile.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

/// The share of the processors that other programs may use while programs are compared.
const TOLERATED: f64 = 0.1;
/// The kernel counts processor time in hundredths of a second, on all processors that Linux has for
/// users.
const TICKS: f64 = 100.0;

/// Processors, memory and kernel in one line.
pub(crate) fn description() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_start_matches([':', ' ', '\t']).trim().to_owned())
    };
    let processor = value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = value(&read("/proc/meminfo"), "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let kernel = read("/proc/sys/kernel/osrelease");
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{count} processors ({processor}), {} MiB of memory, {} {}",
        memory.unwrap_or_default() / 1024,
        std::env::consts::OS,
        kernel.trim()
    )
}

/// Counts what other programs use of the processors.
pub(crate) struct Watch {
    since: Instant,
    foreign: f64,
    /// Programs that belong to the measurement and are not waited for, such as a server.
    own: Vec<u32>,
}

impl Watch {
    /// Starts the count. These processes belong to the measurement, as this one and its children do.
    pub(crate) fn start(own: Vec<u32>) -> Result<Self> {
        Ok(Self { since: Instant::now(), foreign: foreign(&own)?, own })
    }

    /// The share of all processors that other programs used since the start.
    pub(crate) fn foreign_share(&self) -> Result<f64> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        Ok(((foreign(&self.own)? - self.foreign) / (self.since.elapsed().as_secs_f64() * processors)).max(0.0))
    }

    /// Refuses figures that were taken while the machine was busy with other programs. `anyway` takes
    /// them, and says so.
    pub(crate) fn judge(&self, anyway: bool) -> Result<()> {
        let share = self.foreign_share()?;
        let said = format!("other programs used {:.0} % of the processors meanwhile", share * 100.0);
        ensure!(
            share <= TOLERATED || anyway,
            "not compared: {said}, and {:.0} % is the limit; try again, or add --anyway",
            TOLERATED * 100.0
        );
        println!("  {said}{}", if share > TOLERATED { ", so these figures count for little" } else { "" });
        Ok(())
    }
}

/// Processor time of all programs but these and this one, in seconds. It includes what a hypervisor
/// has taken away.
fn foreign(own: &[u32]) -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat").context("comparing needs Linux")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|text| text.parse().ok()).collect();
    // user, nice, system, (idle, waiting), irq, softirq, steal
    let busy: f64 = [0, 1, 2, 5, 6, 7].iter().filter_map(|at| ticks.get(*at)).sum();
    let mine = used(std::process::id(), true)?;
    let others = own.iter().map(|process| used(*process, false)).sum::<Result<f64>>()?;
    Ok((busy - mine - others) / TICKS)
}

/// Processor time of a process in ticks, with that of its children that have ended if asked.
fn used(process: u32, with_children: bool) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name, which is in parentheses and can hold anything, the state is the first field.
    let (_, fields) = stat.rsplit_once(") ").context("a process has a name")?;
    let fields: Vec<_> = fields.split(' ').collect();
    let (first, count) = (11, if with_children { 4 } else { 2 });
    Ok(fields.iter().skip(first).take(count).filter_map(|text| text.parse::<f64>().ok()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_this_process_uses_is_not_foreign() {
        let own = || used(std::process::id(), true).unwrap();
        let (since, before) = (Instant::now(), own());
        while own() < before + 5.0 {
            assert!(since.elapsed() < Duration::from_secs(30), "it computes all the time");
        }
        assert!(Watch::start(Vec::new()).unwrap().foreign_share().unwrap().is_finite());
    }

    #[test]
    fn the_machine_has_processors_and_memory() {
        let said = description();
        assert!(said.contains(" processors (") && !said.contains(" 0 MiB"), "{said}");
    }
}
