//! Durations, sizes, permission bits, counts and ports.

use std::ops::RangeInclusive;

use super::Fault;
use crate::manifest::node::quote;
use crate::manifest::rules;

/// Nanoseconds of a duration in compose's spelling, `1m30s` or `500ms`.
pub(super) fn duration(text: &str) -> Result<u64, Fault> {
    const UNITS: &[(&str, u64)] = &[
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let fault = |hint: String| Fault::value(text, "a duration", hint);
    let example = || fault("write for example 30s, 1m30s or 500ms".to_owned());
    if text == "0" {
        return Ok(0);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fault(format!("give it a unit, as in {text}s")));
    }
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(example)?;
        let (number, after) = rest.split_at(digits);
        let length = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(length);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(example)?;
        let part = scale(number, *factor).ok_or_else(example)?;
        total = total.checked_add(part).ok_or_else(example)?;
        rest = after;
    }
    // The engine refuses less than a millisecond and holds nanoseconds in 64 bits with a sign.
    let fine = !text.is_empty() && i64::try_from(total).is_ok() && (total == 0 || total >= 1_000_000);
    if fine { Ok(total) } else { Err(example()) }
}

/// Bytes of a size, `900MB`, `1.5GiB` or a plain number.
pub(super) fn size(text: &str) -> Result<u64, Fault> {
    const UNITS: &[(&str, u64)] = &[
        ("", 1),
        ("b", 1),
        ("k", 1_000),
        ("kb", 1_000),
        ("kib", 1 << 10),
        ("m", 1_000_000),
        ("mb", 1_000_000),
        ("mib", 1 << 20),
        ("g", 1_000_000_000),
        ("gb", 1_000_000_000),
        ("gib", 1 << 30),
        ("t", 1_000_000_000_000),
        ("tb", 1_000_000_000_000),
        ("tib", 1 << 40),
    ];
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_lowercase();
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    factor
        .and_then(|factor| scale(number, factor))
        .filter(|&bytes| bytes > 0)
        .ok_or_else(|| Fault::value(text, "a size", "write for example 900MB, 1.5GB or 512MiB"))
}

/// A decimal number times a factor, without the rounding of floating point.
fn scale(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 12 || fraction.contains('.') {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u64>().ok() };
    let part = u128::from(digits(fraction)?) * u128::from(factor)
        / 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    digits(whole)?.checked_mul(factor)?.checked_add(u64::try_from(part).ok()?)
}

/// Permission bits, in octal whether quoted or not.
pub(super) fn mode(text: &str) -> Result<u32, Fault> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    u32::from_str_radix(digits, 8)
        .ok()
        .filter(|&mode| mode <= 0o7777 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| Fault::value(text, "permission bits in octal", "write for example \"0644\""))
}

/// A whole number from 1 on.
pub(super) fn count(text: &str) -> Result<u32, Fault> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| Fault::value(text, "a whole number above 0", "write for example 3"))
}

/// A user's or group's number.
pub(super) fn number(text: &str) -> Result<u32, Fault> {
    text.parse().map_err(|_| Fault::value(text, "a number", "write for example 1000"))
}

/// `true` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, Fault> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        _ => Err(Fault::value(text, "true or false", "write true or false, without quotes")),
    }
}

/// Ports of `8000`, `8000/udp` or `8000-8002`, and their protocol.
pub(super) fn ports(text: &str) -> Result<(RangeInclusive<u16>, String), Fault> {
    let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if text.contains(':') {
        return Err(Fault::new(
            rules::INVALID_VALUE,
            format!("found {}, expected only a port of the container", quote(text)),
            "ports of the host belong in the compose file, under \"ports\"",
        ));
    }
    let fault = || Fault::value(text, "a port", "write for example 8000, 8000/udp or 8000-8002");
    let port = |text: &str| text.parse::<u16>().ok().filter(|&port| port > 0).ok_or_else(fault);
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last) = (port(first)?, port(last)?);
    if first > last || !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(fault());
    }
    Ok((first..=last, protocol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("30s", Some(30_000_000_000)),
            ("1m30s", Some(90_000_000_000)),
            ("500ms", Some(500_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("1h0m1s", Some(3_601_000_000_000)),
            ("0", Some(0)),
            ("0s", Some(0)),
            ("", None),
            ("30", None),
            ("s", None),
            ("-1s", None),
            ("1x", None),
            ("1s2", None),
            ("1..5s", None),
            ("10us", None),
            ("99999999999h", None),
        ] {
            assert_eq!(duration(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("900MB", Some(900_000_000)),
            ("1.5GB", Some(1_500_000_000)),
            ("0.1kb", Some(100)),
            ("512 MiB", Some(512 << 20)),
            ("42", Some(42)),
            ("0", None),
            ("", None),
            (".", None),
            ("MB", None),
            ("1XB", None),
            ("1.2.3MB", None),
            ("99999999999TB", None),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn modes() {
        for (text, expected) in [
            ("0644", Some(0o644)),
            ("644", Some(0o644)),
            ("0o755", Some(0o755)),
            ("7777", Some(0o7777)),
            ("10000", None),
            ("+644", None),
            ("9", None),
            ("", None),
            ("u+x", None),
        ] {
            assert_eq!(mode(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn port_ranges() {
        assert_eq!(ports("8000").unwrap(), (8000..=8000, "tcp".to_owned()));
        assert_eq!(ports("53/UDP").unwrap(), (53..=53, "udp".to_owned()));
        assert_eq!(ports("8000-8002").unwrap(), (8000..=8002, "tcp".to_owned()));
        for text in ["", "0", "65536", "9-8", "80:80", "80/http", "a", "1-2-3"] {
            assert!(ports(text).is_err(), "{text}");
        }
    }
}
