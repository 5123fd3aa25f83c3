//! Writes `.tar.gz` and `.zip` files whose bytes depend on their content and the given time only.

use std::io::{Cursor, Write};

use anyhow::{Context, Result};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// With `/` between folders.
    pub path: String,
    /// The permissions.
    pub mode: u32,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Entry {
    /// A file that all may read.
    pub fn file(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), mode: 0o644, bytes: bytes.into() }
    }

    /// A file that all may run.
    pub fn program(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { mode: 0o755, ..Self::file(path, bytes) }
    }

    /// The same in a folder.
    #[must_use]
    pub fn below(self, folder: &str) -> Self {
        Self { path: format!("{folder}/{}", self.path), ..self }
    }
}

/// A tar archive, compressed with gzip.
pub(crate) fn tar_gz(entries: &[Entry], epoch: u64) -> Result<Vec<u8>> {
    let compressed: GzEncoder<Vec<u8>> = GzBuilder::new().write(Vec::new(), Compression::best());
    Ok(tar_into(compressed, entries, epoch)?.finish()?)
}

/// A tar archive.
pub fn tar(entries: &[Entry], epoch: u64) -> Result<Vec<u8>> {
    tar_into(Vec::new(), entries, epoch)
}

fn tar_into<W: Write>(to: W, entries: &[Entry], epoch: u64) -> Result<W> {
    let mut archive = tar::Builder::new(to);
    for entry in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(entry.bytes.len().try_into()?);
        header.set_mode(entry.mode);
        header.set_mtime(epoch);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, &entry.path, entry.bytes.as_slice()).context(entry.path.clone())?;
    }
    Ok(archive.into_inner()?)
}

/// A zip archive.
pub(crate) fn zip(entries: &[Entry], epoch: u64) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .unix_permissions(entry.mode)
            .last_modified_time(day(epoch)?);
        archive.start_file(&entry.path, options).context(entry.path.clone())?;
        archive.write_all(&entry.bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// The day of a time, by the algorithm of Howard Hinnant's `civil_from_days`. A zip's time has no
/// time zone, so the time of day is left out.
fn day(epoch: u64) -> Result<DateTime> {
    let days = epoch / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let date = DateTime::from_date_and_time(year.try_into()?, month.try_into()?, day.try_into()?, 0, 0, 0);
    date.map_err(|error| anyhow::anyhow!("the time {epoch} is no time of a zip archive: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_time() {
        for (epoch, year, month, of_month) in
            [(1_709_164_800, 2024, 2, 29), (1_709_251_200, 2024, 3, 1), (1_767_225_599, 2025, 12, 31)]
        {
            let day = day(epoch).unwrap();
            assert_eq!((day.year(), day.month(), day.day()), (year, month, of_month));
        }
    }

    #[test]
    fn a_time_before_zip_files_is_an_error() {
        assert!(day(0).is_err());
    }
}
