//! Parses the values of options.

use std::iter;
use std::time::{Duration, UNIX_EPOCH};

use azure_oidc_core::cloud::CLOUDS;
use azure_oidc_core::credential::write::Format;
use azure_oidc_core::plan::HandOver;
use azure_oidc_core::platform;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};

/// Standard input, written `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardInput;

/// One of these names, as the value beside it.
pub(crate) fn choice<T>(values: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let names = PossibleValuesParser::new(values.iter().map(|(name, _)| *name));
    names.try_map(|given| values.iter().find(|(name, _)| *name == given).map(|(_, value)| *value).ok_or("unknown"))
}

/// A name that is not empty. An empty one is what an unset variable leaves.
pub(crate) fn not_empty() -> NonEmptyStringValueParser {
    NonEmptyStringValueParser::new()
}

/// The name of a platform, or `auto`.
pub(crate) fn platforms() -> PossibleValuesParser {
    PossibleValuesParser::new(iter::once("auto").chain(platform::ALL.iter().map(|platform| platform.name())))
}

/// The name of a cloud.
pub(crate) fn clouds() -> PossibleValuesParser {
    PossibleValuesParser::new(CLOUDS.iter().map(|cloud| cloud.name))
}

/// The name of a format for credentials.
pub(crate) fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| Format::by_name(&name).ok_or("unknown"))
}

/// Parses a whole number from 0 to 4294967295.
pub(crate) fn number(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "give a whole number from 0 to 4294967295")
}

/// Parses a number with its unit (`500ms`, `30s`, `5m`, `1h`). A number without a unit is refused.
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    humantime::parse_duration(text).map_err(|_| "give a number with its unit, such as 500ms, 30s, 5m or 1h")
}

/// Parses a time limit: a duration that is not zero.
pub(crate) fn time_limit(text: &str) -> Result<Duration, &'static str> {
    match duration(text)? {
        Duration::ZERO => Err("a limit of zero leaves no time: give one such as 30s or 2m"),
        limit => Ok(limit),
    }
}

/// Parses seconds since 1970, or a time of RFC 3339, and returns seconds since 1970.
pub(crate) fn moment(text: &str) -> Result<i64, &'static str> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let time = humantime::parse_rfc3339_weak(text).ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    time.and_then(|since| i64::try_from(since.as_secs()).ok())
        .ok_or("give seconds since 1970, or a time such as 2026-11-20T17:00:00Z")
}

/// Parses `NAME=VALUE` of a claim.
pub(crate) fn named_value(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("give the name of the claim, `=`, and its value")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Parses `OLD=NEW`. Neither may be empty.
pub(crate) fn replacement(text: &str) -> Result<(String, String), &'static str> {
    let pair = text.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty());
    let (old, new) = pair.ok_or("give the old value, `=`, and the new value")?;
    Ok((old.to_owned(), new.to_owned()))
}

/// Parses where and how an ID token is printed: `text`, `json`, `file:PATH` or `gcp-executable`.
pub(crate) fn hand_over(text: &str) -> Result<HandOver, &'static str> {
    match (text, text.strip_prefix("file:")) {
        ("text", _) => Ok(HandOver::Text),
        ("json", _) => Ok(HandOver::Json),
        ("gcp-executable", _) => Ok(HandOver::GcpExecutable),
        (_, Some(path)) if !path.is_empty() => Ok(HandOver::File(path.to_owned())),
        (_, Some(_)) => Err("`file:` has no path; is its variable empty?"),
        _ => Err("give text, json, file:PATH or gcp-executable"),
    }
}

/// Standard input, and nothing else.
pub(crate) fn standard_input(text: &str) -> Result<StandardInput, &'static str> {
    match text {
        "-" => Ok(StandardInput),
        _ => Err("a token is never the value of an option, because other processes can read a command line; use \
                  `--id-token-env NAME`, `--id-token-file PATH`, or `--id-token -` for standard input"),
    }
}
