//! `SOURCE_DATE_EPOCH`: the one time that an image may say of itself.
//! Source: the reproducible-builds specification of the variable; moby/buildkit `exporter/util/epoch`.

use std::fmt;

/// Seconds since 1970 that have a four-digit year.
const LAST: i64 = 253_402_300_799;

/// A time, in whole seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(i64);

/// Not a time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "SOURCE_DATE_EPOCH: found {0:?}, expected seconds since 1970; for example $(git log -1 --pretty=%ct)"
)]
pub struct BadEpoch(String);

impl Epoch {
    /// The time of every file that a layer of ours has: decision 0003.
    pub const OF_FILES: Self = Self(315_532_800);

    /// Reads the variable's value; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, BadEpoch> {
        if text.is_empty() {
            return Ok(None);
        }
        let seconds = text.parse().ok().filter(|seconds| (0..=LAST).contains(seconds));
        seconds.map(|seconds| Some(Self(seconds))).ok_or_else(|| BadEpoch(text.to_owned()))
    }

    /// The seconds.
    pub fn seconds(self) -> i64 {
        self.0
    }
}

/// RFC 3339 in UTC: `2024-02-29T12:00:00Z`.
impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0 / 86_400, self.0 % 86_400);
        let (year, month, day) = date(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Year, month and day, so many days after 1970-01-01. Counted from a March, so that a leap day ends its year.
fn date(days: i64) -> (i64, i64, i64) {
    /// Days from 0000-03-01 to 1970-01-01, and in 400, 100 and 4 years.
    const SINCE_YEAR_0: i64 = 719_468;
    const IN_400: i64 = 146_097;
    const IN_100: i64 = 36_524;
    const IN_4: i64 = 1461;
    let days = days + SINCE_YEAR_0;
    let (era, day) = (days / IN_400, days % IN_400);
    let year = (day - day / (IN_4 - 1) + day / IN_100 - day / (IN_400 - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let first = (153 * month + 2) / 5;
    let (next, month) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
    (era * 400 + year + next, month, day - first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_text() {
        for (seconds, text) in [
            ("0", "1970-01-01T00:00:00Z"),
            ("315532800", "1980-01-01T00:00:00Z"),
            ("951782400", "2000-02-29T00:00:00Z"),
            ("951868799", "2000-02-29T23:59:59Z"),
            ("951868800", "2000-03-01T00:00:00Z"),
            ("1704067199", "2023-12-31T23:59:59Z"),
            ("1709164800", "2024-02-29T00:00:00Z"),
            ("4107542400", "2100-03-01T00:00:00Z"),
            ("253402300799", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Epoch::parse(seconds).unwrap().unwrap().to_string(), text);
        }
        assert_eq!(Epoch::OF_FILES.to_string(), "1980-01-01T00:00:00Z");
    }

    #[test]
    fn what_is_no_time() {
        assert_eq!(Epoch::parse(""), Ok(None));
        for text in ["-1", "x", "1.5", "253402300800", "context", " 1"] {
            assert!(Epoch::parse(text).unwrap_err().to_string().contains(&format!("{text:?}")), "{text}");
        }
    }
}
