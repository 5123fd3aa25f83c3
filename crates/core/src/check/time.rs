//! Moments and spans of time as people and Entra write them.

/// A moment in RFC 3339, in UTC and whole seconds: `2026-08-21T10:00:00Z`.
pub fn moment(unix_seconds: i64) -> String {
    format!("{}Z", date_and_time(unix_seconds))
}

/// A moment as Entra prints it in AADSTS700024: `2026-08-21T10:00:00.0000000Z`.
pub fn entra_moment(unix_seconds: i64) -> String {
    format!("{}.0000000Z", date_and_time(unix_seconds))
}

/// A span of time in words, in at most two units: `4 minutes 10 seconds`. The sign is left out.
pub fn span(seconds: i64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let mut rest = seconds.unsigned_abs();
    let mut words: Vec<String> = Vec::new();
    for (length, name) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            words.push(format!("{count} {name}{plural}"));
        }
        if words.len() == 2 || (words.len() == 1 && count == 0) {
            break;
        }
    }
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(" ") }
}

fn date_and_time(unix_seconds: i64) -> String {
    let (days, second) = (unix_seconds.div_euclid(86_400), unix_seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
///
/// Years are counted from 1 March, so that the leap day is the last day of its year; 146,097 days make 400 years.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
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
    fn no_moment_is_too_far_away_to_be_written() {
        for seconds in [i64::MIN, i64::MAX] {
            assert!(moment(seconds).ends_with('Z'));
        }
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
