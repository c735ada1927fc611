//! What is too much, with the worst offenders.

use std::fmt::Write as _;

use layerset_report::{Amount, Exceeded};

use crate::plan::human;
use crate::printable::printable;
use crate::table::{counted, thousands};

/// A line for each limit that does not hold, and one for each offender.
pub fn told(exceeded: &[Exceeded]) -> String {
    let mut text = String::new();
    for one in exceeded {
        let at = if one.limit.starts_with("min") { "at least" } else { "at most" };
        // Two numbers that look the same would say that the limit holds.
        let same = shown(one.found) == shown(one.allowed);
        let of = if same { exact } else { shown };
        let (found, allowed) = (of(one.found), of(one.allowed));
        let _ = writeln!(text, "layerset: --{}: found {found}, expected {at} {allowed}", one.limit);
        for worst in &one.worst {
            let _ = writeln!(text, "  {:>9}  {}", shown(worst.amount), printable(&worst.what));
        }
    }
    text
}

fn shown(amount: Amount) -> String {
    match amount {
        Amount::Bytes(bytes) => human(bytes),
        Amount::Count(count) => counted(count, "layer"),
        Amount::Part(part) => format!("{:.1} %", part * 100.0),
    }
}

/// With all digits.
fn exact(amount: Amount) -> String {
    match amount {
        Amount::Bytes(bytes) => format!("{} B", thousands(bytes)),
        Amount::Part(part) => format!("{:.2} %", part * 100.0),
        Amount::Count(_) => shown(amount),
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
        insta::assert_snapshot!(told(&limits.exceeded(&figures(1))), @r"
        layerset: --max-stored: found 47.0 MB, expected at most 40.0 MB
            30.0 MB  cae662172fd4 of localhost:5000/shop/api:1, localhost:5000/shop/web:1 (ADD root.tar / # the base)
            12.0 MB  14c2529eb449 of localhost:5000/shop/api:1 (RUN pip install --requirement requirements/api.txt)
             5.0 MB  4b5e57f6eb2f of localhost:5000/shop/web:1
        layerset: --max-image: found 42.0 MB, expected at most 40.0 MB
            42.0 MB  localhost:5000/shop/api:1
        layerset: --min-reuse: found 39.0 %, expected at least 80.0 %
            12.0 MB  localhost:5000/shop/api:1
             5.0 MB  localhost:5000/shop/web:1
        layerset: --max-duplicated: found 800.0 kB, expected at most 0 B
           800.0 kB  /app/model.bin in 2 layers of localhost:5000/shop/api:1, localhost:5000/shop/web:1
        layerset: --max-wasted: found 2.0 MB, expected at most 1.0 MB
             2.0 MB  /var/cache/apt/archives/curl.deb of localhost:5000/shop/api:1, localhost:5000/shop/web:1, hidden by RUN rm -rf /var/cache/apt
        layerset: --max-layers: found 2 layers, expected at most 1 layer
           2 layers  localhost:5000/shop/api:1
           2 layers  localhost:5000/shop/web:1
        ");
        assert_eq!(told(&Limits::default().exceeded(&figures(1))), "");
    }

    #[test]
    fn what_is_hardly_too_much_is_told_exactly() {
        let mut figures = figures(1);
        figures.totals.stored_bytes = 25_000_012_345;
        let limits = Limits { stored: Some(25_000_000_000), reuse: Some(0.39), ..Limits::default() };
        let text = told(&limits.exceeded(&figures));
        assert!(text.contains("found 25,000,012,345 B, expected at most 25,000,000,000 B"), "{text}");
        assert!(text.contains("found 38.96 %, expected at least 39.00 %"), "{text}");
    }

    #[test]
    fn offenders_do_not_command_the_terminal() {
        let mut figures = figures(1);
        figures.wasted[0].path = "x\u{1b}[2J\nlayerset: all is well".into();
        let limits = Limits { wasted: Some(0), ..Limits::default() };
        let text = told(&limits.exceeded(&figures));
        assert!(text.contains(r"x\u{1b}[2J\nlayerset: all is well of "), "{text}");
    }
}
