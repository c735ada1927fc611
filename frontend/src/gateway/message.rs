//! What fits into one message. BuildKit takes 16 MiB, engines embedded in Docker before 27 take gRPC's default of
//! 4 MiB: a graph must not carry more of the manifest's text than is printed, and what is still too much is told.

use std::collections::BTreeSet;

use buildkit_proto::pb;
use tonic::{Code, Status};

/// A text of this many bytes is handed over whole, since provenance quotes it.
const WHOLE: usize = 1 << 20;

/// Lines before and after a place; BuildKit prints two to four.
const AROUND: usize = 10;

/// Lines of one place that are kept: nobody reads more of an error's excerpt.
const LONGEST_PLACE: usize = 100;

/// Characters of a line that are kept.
const LONGEST_LINE: usize = 400;

/// Empties all lines of long source texts that no step is near to. Lines keep their numbers, and no digest changes:
/// sources are no part of an op.
pub(super) fn shorten(definition: &mut pb::Definition) {
    let Some(source) = &mut definition.source else { return };
    for (index, info) in source.infos.iter_mut().enumerate().filter(|(_, info)| info.data.len() > WHOLE) {
        let mut kept = BTreeSet::new();
        let locations = source.locations.values().flat_map(|of_op| &of_op.locations);
        for location in locations.filter(|location| usize::try_from(location.source_index) == Ok(index)) {
            for range in &location.ranges {
                let line = |at: &Option<pb::Position>| {
                    at.as_ref().and_then(|at| usize::try_from(at.line).ok()).unwrap_or_default()
                };
                let (start, end) = (line(&range.start), line(&range.end));
                let end = end.clamp(start, start.saturating_add(LONGEST_PLACE));
                kept.extend(start.saturating_sub(AROUND)..=end.saturating_add(AROUND));
            }
        }
        info.data = only(&info.data, &kept);
    }
}

/// The lines of these numbers, from 1; all others are empty.
fn only(text: &[u8], kept: &BTreeSet<usize>) -> Vec<u8> {
    let mut short = Vec::new();
    for (before, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if before > 0 {
            short.push(b'\n');
        }
        if kept.contains(&(before + 1)) {
            let line: String = String::from_utf8_lossy(line).chars().take(LONGEST_LINE).collect();
            short.extend_from_slice(line.as_bytes());
        }
    }
    short
}

/// Says of a message that was refused for its size what it was and what to do; nothing if that was not the reason. gRPC
/// in Go and in Rust have different codes for the same, and name both sizes.
pub(super) fn too_large(status: &Status, what: &str, advice: &str) -> Option<Status> {
    let text = status.message();
    let found = matches!(status.code(), Code::ResourceExhausted | Code::OutOfRange)
        && (text.contains("larger than max") || text.contains("too large"));
    let told = || format!("{what} is larger than one message to this engine may be: {advice} ({text})");
    found.then(|| Status::new(Code::Unknown, told()))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn definition(data: String, line: i32) -> pb::Definition {
        let at = |line| Some(pb::Position { line, character: 0 });
        let range = pb::Range { start: at(line), end: at(line) };
        let location = pb::Location { source_index: 0, ranges: vec![range] };
        let locations = pb::Locations { locations: vec![location] };
        let info = pb::SourceInfo { data: data.into_bytes(), ..pb::SourceInfo::default() };
        let source = pb::Source { locations: [("sha256:0".to_owned(), locations)].into(), infos: vec![info] };
        pb::Definition { source: Some(source), ..pb::Definition::default() }
    }

    fn shortened(data: &str, line: i32) -> String {
        let mut definition = definition(data.to_owned(), line);
        shorten(&mut definition);
        String::from_utf8(definition.source.unwrap().infos.remove(0).data).unwrap()
    }

    #[test]
    fn only_what_is_near_a_place_is_kept_of_a_long_text() {
        let mut text = String::new();
        for line in 1..=100_000 {
            let _ = writeln!(text, "line {line:08}");
        }
        let short = shortened(&text, 50_000);
        let lines: Vec<&str> = short.split('\n').collect();
        assert_eq!(lines.len(), text.split('\n').count(), "lines keep their numbers");
        let kept: Vec<&str> = lines.iter().copied().filter(|line| !line.is_empty()).collect();
        assert_eq!((kept.len(), kept[0], kept[20]), (21, "line 00049990", "line 00050010"));
        assert_eq!(lines[49_999], "line 00050000");
        assert!(short.len() < 101_000, "{}", short.len());
        // A single line that is long itself.
        assert_eq!(shortened(&"ä".repeat(1 << 20), 1), "ä".repeat(LONGEST_LINE));
    }

    #[test]
    fn a_text_of_usual_size_is_whole() {
        let text = "a: b\n".repeat(WHOLE / 5);
        assert_eq!(shortened(&text, 3), text);
    }

    #[test]
    fn only_sizes_are_explained() {
        let large =
            || Status::new(Code::ResourceExhausted, "grpc: received message larger than max (5 vs. 4)");
        let told = too_large(&large(), "the graph", "use less").unwrap();
        assert_eq!(
            told.message(),
            "the graph is larger than one message to this engine may be: use less (grpc: received message larger than max (5 vs. 4))"
        );
        let other = Status::new(Code::ResourceExhausted, "disk is full");
        assert!(too_large(&other, "the graph", "use less").is_none());
    }
}
