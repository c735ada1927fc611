//! What is too much, with the worst offenders.

use std::fmt::Write as _;

use layerset_report::{Amount, Exceeded};

use crate::plan::human;

/// A line for each limit that does not hold, and one for each offender.
pub fn told(exceeded: &[Exceeded]) -> String {
    let mut text = String::new();
    for one in exceeded {
        let at = if one.limit.starts_with("min") { "at least" } else { "at most" };
        let (found, allowed) = (shown(one.found), shown(one.allowed));
        let _ = writeln!(text, "layerset: --{}: found {found}, expected {at} {allowed}", one.limit);
        for worst in &one.worst {
            let _ = writeln!(text, "  {:>9}  {}", shown(worst.amount), worst.what);
        }
    }
    text
}

fn shown(amount: Amount) -> String {
    match amount {
        Amount::Bytes(bytes) => human(bytes),
        Amount::Count(count) => format!("{count} layers"),
        Amount::Part(part) => format!("{:.1} %", part * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use layerset_report::Limits;

    use super::super::examples::figures;
    use super::*;

    #[test]
    fn limits_name_the_worst() {
        let limits = Limits {
            stored: Some(40_000_000),
            image: Some(40_000_000),
            disk: Some(200_000_000),
            duplicated: Some(0),
            wasted: Some(1_000_000),
            layers: Some(1),
            reuse: Some(0.8),
        };
        insta::assert_snapshot!(told(&limits.exceeded(&figures(1))));
        assert_eq!(told(&Limits::default().exceeded(&figures(1))), "");
    }
}
