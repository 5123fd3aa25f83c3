//! From the words that were given to the types of the fields. Each reads one option by its name.

use std::time::{Duration, UNIX_EPOCH};

use azure_oidc_core::Fault;
use azure_oidc_core::credential::write::Format;
use azure_oidc_core::platform;

use crate::options::{Color, Form, Publish, StandardInput};
use crate::reader::Given;
use crate::usage;

/// Whether it was given.
pub(crate) fn switched(given: &Given, name: &'static str) -> Result<bool, Fault> {
    Ok(given.is_given(name))
}

/// Any text.
pub(crate) fn text(given: &Given, name: &'static str) -> Result<String, Fault> {
    Ok(given.value(name).unwrap_or_default().to_owned())
}

/// Any text, if it was given.
pub(crate) fn maybe(given: &Given, name: &'static str) -> Result<Option<String>, Fault> {
    Ok(given.value(name).map(str::to_owned))
}

/// Every text that was given.
pub(crate) fn texts(given: &Given, name: &'static str) -> Result<Vec<String>, Fault> {
    Ok(given.values(name).into_iter().map(str::to_owned).collect())
}

/// A whole number.
pub(crate) fn number(given: &Given, name: &'static str) -> Result<u32, Fault> {
    let value = given.value(name).unwrap_or_default();
    value.parse().map_err(|_| usage::invalid(given.row(name), value, "give a whole number from 0 to 4294967295"))
}

/// How long something takes.
pub(crate) fn time(given: &Given, name: &'static str) -> Result<Duration, Fault> {
    let value = given.value(name).unwrap_or_default();
    let why = "give a number with its unit, such as 500ms, 30s, 5m or 1h";
    humantime::parse_duration(value).map_err(|_| usage::invalid(given.row(name), value, why))
}

/// A point in time, in seconds since 1970.
pub(crate) fn moment(given: &Given, name: &'static str) -> Result<Option<i64>, Fault> {
    let Some(value) = given.value(name) else { return Ok(None) };
    if let Ok(seconds) = value.parse() {
        return Ok(Some(seconds));
    }
    let written = humantime::parse_rfc3339_weak(value).ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    match written.and_then(|since| i64::try_from(since.as_secs()).ok()) {
        Some(seconds) => Ok(Some(seconds)),
        None => {
            let why = "give seconds since 1970, or a time such as 2026-11-20T17:00:00Z";
            Err(usage::invalid(given.row(name), value, why))
        }
    }
}

/// Names with their values.
pub(crate) fn named_values(given: &Given, name: &'static str) -> Result<Vec<(String, String)>, Fault> {
    let mut pairs = Vec::new();
    for value in given.values(name) {
        let Some((left, right)) = value.split_once('=') else {
            let why = "give the name of the claim, `=`, and its value";
            return Err(usage::invalid(given.row(name), value, why));
        };
        pairs.push((left.to_owned(), right.to_owned()));
    }
    Ok(pairs)
}

/// Standard input, and nothing else.
pub(crate) fn stdin_only(given: &Given, name: &'static str) -> Result<Option<StandardInput>, Fault> {
    match given.value(name) {
        None => Ok(None),
        Some("-") => Ok(Some(StandardInput)),
        Some(value) => {
            let why = "a token is never the value of a flag, because a command line is public; use `--id-token-env NAME`, \
                       `--id-token-file PATH`, or `--id-token -` for standard input";
            Err(usage::invalid(given.row(name), value, why))
        }
    }
}

/// The name of a platform, or `auto`.
pub(crate) fn platform(given: &Given, name: &'static str) -> Result<Option<String>, Fault> {
    let Some(value) = given.value(name) else { return Ok(None) };
    if value == "auto" || platform::by_name(value).is_some() {
        return Ok(Some(value.to_owned()));
    }
    let mut why = "known platforms: auto".to_owned();
    for platform in platform::ALL {
        why.push_str(", ");
        why.push_str(platform.name());
    }
    Err(usage::invalid(given.row(name), value, &why))
}

/// The form of a credential.
pub(crate) fn format(given: &Given, name: &'static str) -> Result<Format, Fault> {
    let value = given.value(name).unwrap_or_default();
    Format::by_name(value).ok_or_else(|| {
        let why = format!("known formats: {}", Format::ALL.map(Format::name).join(", "));
        usage::invalid(given.row(name), value, &why)
    })
}

impl Color {
    pub(crate) const NAMES: &'static [&'static str] = &["auto", "always", "never"];

    pub(crate) fn read(given: &Given, name: &'static str) -> Result<Self, Fault> {
        Ok([Self::Auto, Self::Always, Self::Never][choice(given, name)?])
    }
}

impl Form {
    pub(crate) const NAMES: &'static [&'static str] = &["text", "json"];

    pub(crate) fn read(given: &Given, name: &'static str) -> Result<Self, Fault> {
        Ok([Self::Text, Self::Json][choice(given, name)?])
    }
}

impl Publish {
    pub(crate) const NAMES: &'static [&'static str] = &["token", "sdk-env", "both"];

    pub(crate) fn read(given: &Given, name: &'static str) -> Result<Self, Fault> {
        Ok([Self::Token, Self::SdkEnv, Self::Both][choice(given, name)?])
    }
}

/// Which of the choices of its row.
fn choice(given: &Given, name: &'static str) -> Result<usize, Fault> {
    let (row, value) = (given.row(name), given.value(name).unwrap_or_default());
    row.choices.iter().position(|choice| *choice == value).ok_or_else(|| usage::no_choice(row, value))
}
