//! `${NAME}` in values: what a text refers to. What the names stand for is `check::args`' business.

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// As it is.
    Literal(&'a str),
    /// `${NAME}`, `${NAME:-default}` or `${NAME-default}`.
    Argument {
        /// The whole, from `${` to `}`.
        text: &'a str,
        /// The name.
        name: &'a str,
        /// What to take instead.
        default: Option<Default<'a>>,
    },
    /// `${` that is neither; from there on.
    Invalid(&'a str),
}

/// The default of a `${…}`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Default<'a> {
    /// The text to take.
    pub(super) text: &'a str,
    /// Whether an empty argument counts as absent: `:-`.
    pub(super) if_empty: bool,
}

/// Splits a text; `$${` is a literal `${`, and a `$` before anything else is itself.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, here) = rest.split_at(at);
        if before.ends_with('$') {
            // `$${`: one `$` is the escape, the other stays.
            out.push(Piece::Literal(&rest[..at - 1]));
            out.push(Piece::Literal("${"));
            rest = &here[2..];
            continue;
        }
        if !before.is_empty() {
            out.push(Piece::Literal(before));
        }
        let Some((piece, after)) = argument(here) else {
            out.push(Piece::Invalid(here));
            return out;
        };
        out.push(piece);
        rest = after;
    }
    if !rest.is_empty() {
        out.push(Piece::Literal(rest));
    }
    out
}

fn argument(text: &str) -> Option<(Piece<'_>, &str)> {
    let end = text.find('}')?;
    let (whole, after) = text.split_at(end + 1);
    let inner = &whole[2..end];
    let length = name_length(inner);
    let (name, rest) = inner.split_at(length);
    let default = if rest.is_empty() {
        None
    } else {
        let (text, if_empty) = match rest.strip_prefix(":-") {
            Some(text) => (text, true),
            None => (rest.strip_prefix('-')?, false),
        };
        // A default with a `${` of its own would end at the wrong brace.
        if text.contains("${") {
            return None;
        }
        Some(Default { text, if_empty })
    };
    (length > 0).then_some((Piece::Argument { text: whole, name, default }, after))
}

/// Names that a shell text mentions as `$NAME` or `${NAME…`.
pub(super) fn shell_names(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).filter_map(|after| {
        let after = after.strip_prefix('{').unwrap_or(after);
        let length = name_length(after);
        (length > 0).then(|| &after[..length])
    })
}

/// Bytes of the name that a text begins with; 0 if it begins with none.
pub(super) fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument<'a>(text: &'a str, name: &'a str, default: Option<(&'a str, bool)>) -> Piece<'a> {
        let default = default.map(|(text, if_empty)| Default { text, if_empty });
        Piece::Argument { text, name, default }
    }

    #[test]
    fn all_forms() {
        use Piece::{Invalid, Literal};
        for (text, expected) in [
            ("", vec![]),
            ("a$b $", vec![Literal("a$b $")]),
            ("${A}", vec![argument("${A}", "A", None)]),
            (
                "x${A}y${B1}",
                vec![Literal("x"), argument("${A}", "A", None), Literal("y"), argument("${B1}", "B1", None)],
            ),
            ("${A:-b c}", vec![argument("${A:-b c}", "A", Some(("b c", true)))]),
            ("${A-}", vec![argument("${A-}", "A", Some(("", false)))]),
            ("a$${A}", vec![Literal("a"), Literal("${"), Literal("A}")]),
            ("a${", vec![Literal("a"), Invalid("${")]),
            ("${}", vec![Invalid("${}")]),
            ("${1A}", vec![Invalid("${1A}")]),
            ("${A:?b}", vec![Invalid("${A:?b}")]),
            ("${A:-${B}}", vec![Invalid("${A:-${B}}")]),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn names_in_shell_text() {
        let names: Vec<_> = shell_names("a $B ${C} ${D:-x} $1 $$ \"$E_1\"-$").collect();
        assert_eq!(names, ["B", "C", "D", "E_1"]);
    }
}
