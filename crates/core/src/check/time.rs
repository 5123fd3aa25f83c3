//! Formats moments and spans of time, for people and as Entra does, and reads Entra's.

use time::{Date, Month, Time, UtcDateTime};

/// A moment in RFC 3339, in UTC and whole seconds: `2026-08-21T10:00:00Z`.
pub fn moment(unix_seconds: i64) -> String {
    format!("{}Z", date_and_time(unix_seconds))
}

/// A moment as Entra prints it in AADSTS700024: `2026-08-21T10:00:00.0000000Z`.
pub fn entra_moment(unix_seconds: i64) -> String {
    format!("{}.0000000Z", date_and_time(unix_seconds))
}

/// The Unix seconds of a moment that Entra printed, with `T` or a space between date and time.
pub fn unix_seconds(entra_moment: &str) -> Option<i64> {
    let digits = |from: usize, length: usize| {
        let digits = entra_moment.get(from..from + length)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
    };
    let two = |from: usize| digits(from, 2)?.parse::<u8>().ok();
    let month = Month::try_from(two(5)?).ok()?;
    let date = Date::from_calendar_date(digits(0, 4)?.parse().ok()?, month, two(8)?).ok()?;
    let time = Time::from_hms(two(11)?, two(14)?, two(17)?).ok()?;
    Some(UtcDateTime::new(date, time).unix_timestamp())
}

/// A span of time in words, without its sign, in at most two units: `4 minutes 10 seconds`.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let largest = units.iter().position(|(count, _)| *count > 0).unwrap_or(units.len() - 1);
    let words = units[largest..].iter().take(2).enumerate().filter(|(place, (count, _))| *place == 0 || *count > 0);
    let words = words.map(|(_, (count, name))| format!("{count} {name}{}", if *count == 1 { "" } else { "s" }));
    words.collect::<Vec<_>>().join(" ")
}

/// A moment before the year -9999 or after 9999 is written as the nearest that `time` has.
fn date_and_time(unix_seconds: i64) -> String {
    let nearest = if unix_seconds < 0 { UtcDateTime::MIN } else { UtcDateTime::MAX };
    let utc = UtcDateTime::from_unix_timestamp(unix_seconds).unwrap_or(nearest);
    format!("{}T{:02}:{:02}:{:02}", utc.date(), utc.hour(), utc.minute(), utc.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_643_126_692, "2022-01-25T16:04:52Z"),
            (1_787_306_400, "2026-08-21T10:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(moment(seconds), expected);
        }
        assert_eq!(entra_moment(0), "1970-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn a_moment_of_entra_is_read() {
        for seconds in [0, 951_782_400, 1_787_306_400, 4_107_542_399] {
            assert_eq!(unix_seconds(&entra_moment(seconds)), Some(seconds));
            assert_eq!(unix_seconds(&moment(seconds).replace('T', " ")), Some(seconds));
        }
        for text in ["", "2026-08-21", "2026-13-21T10:00:00Z", "2026-02-30T10:00:00Z", "2026-08-21T25:00:00Z", "é"] {
            assert_eq!(unix_seconds(text), None, "{text}");
        }
    }

    #[test]
    fn no_moment_is_too_far_away_to_be_written() {
        assert_eq!(moment(i64::MIN), "-9999-01-01T00:00:00Z");
        assert_eq!(moment(i64::MAX), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn a_span_has_at_most_two_units_and_no_false_precision() {
        let cases = [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (250, "4 minutes 10 seconds"),
            (3_600, "1 hour"),
            (3_601, "1 hour"),
            (93_600, "1 day 2 hours"),
            (-61, "1 minute 1 second"),
            (200_000, "2 days 7 hours"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(span(seconds), expected);
        }
        assert!(span(i64::MIN).contains("days"));
    }
}
