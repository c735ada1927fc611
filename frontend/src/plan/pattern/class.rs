//! Sets of characters, as Go's regular expressions write them.

/// Characters that a step takes.
#[derive(Clone, Debug)]
pub(super) enum Set {
    /// One.
    One(char),
    /// Anything but the end of a line.
    NotNewline,
    /// Those of some ranges, or all others.
    Ranges { negated: bool, ranges: Vec<(char, char)> },
}

impl Set {
    pub(super) fn has(&self, c: char) -> bool {
        match self {
            Self::One(one) => *one == c,
            Self::NotNewline => c != '\n',
            Self::Ranges { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

type Ranges = Vec<(char, char)>;

/// What follows a backslash outside of brackets.
pub(super) fn escaped(rest: &str) -> Option<(Set, &str)> {
    let (ranges, after) = escape(rest)?;
    let set = match ranges[..] {
        [(low, high)] if low == high => Set::One(low),
        _ => Set::Ranges { negated: false, ranges },
    };
    Some((set, after))
}

/// A set in brackets, at the beginning of `text`.
pub(super) fn bracketed(text: &str) -> Option<(Set, &str)> {
    let mut rest = text.strip_prefix('[')?;
    let negated = rest.starts_with('^');
    if negated {
        rest = &rest[1..];
    }
    let mut ranges = Ranges::new();
    let mut first = true;
    loop {
        let c = rest.chars().next()?;
        if c == ']' && !first {
            return Some((Set::Ranges { negated, ranges }, &rest[1..]));
        }
        // A hyphen that is no range stands first or last.
        if c == '-' && !first && !rest[1..].starts_with(']') {
            return None;
        }
        first = false;
        if let Some((named, after)) = posix(rest)? {
            ranges.extend(named);
            rest = after;
            continue;
        }
        let (low, after) = item(rest)?;
        rest = after;
        let [(from, to)] = low[..] else {
            ranges.extend(low);
            continue;
        };
        let single = from == to;
        if single && rest.starts_with('-') && !rest[1..].starts_with(']') {
            let (high, after) = item(&rest[1..])?;
            let [(high, last)] = high[..] else { return None };
            if high != last || high < from {
                return None;
            }
            ranges.push((from, high));
            rest = after;
        } else {
            ranges.push((from, to));
        }
    }
}

fn item(rest: &str) -> Option<(Ranges, &str)> {
    match rest.chars().next()? {
        '\\' => escape(&rest[1..]),
        c => Some((vec![(c, c)], &rest[c.len_utf8()..])),
    }
}

/// Classes and characters behind a backslash. The anchors and codes that Go knows too are refused:
/// nobody means them in a path.
fn escape(rest: &str) -> Option<(Ranges, &str)> {
    let c = rest.chars().next()?;
    let after = &rest[c.len_utf8()..];
    let one = |c| vec![(c, c)];
    let ranges = match c {
        'd' => vec![('0', '9')],
        'D' => outside(&[('0', '9')]),
        'w' => WORD.to_vec(),
        'W' => outside(WORD),
        's' => SPACE.to_vec(),
        'S' => outside(SPACE),
        'a' => one('\x07'),
        'f' => one('\x0c'),
        'n' => one('\n'),
        'r' => one('\r'),
        't' => one('\t'),
        'v' => one('\x0b'),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => one(c),
        _ => return None,
    };
    Some((ranges, after))
}

const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
const SPACE: &[(char, char)] = &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')];

/// The ranges between sorted ASCII ranges.
fn outside(ranges: &[(char, char)]) -> Ranges {
    let mut all = Ranges::new();
    let mut from = '\0';
    for (low, high) in ranges {
        if let Some(before) = (from..*low).next_back() {
            all.push((from, before));
        }
        from = (*high..).nth(1).unwrap_or(char::MAX);
    }
    all.push((from, char::MAX));
    all
}

/// `[:alpha:]` and its like. `None` for a name nobody knows.
#[expect(clippy::option_option, reason = "refused, absent or there")]
fn posix(rest: &str) -> Option<Option<(Ranges, &str)>> {
    let Some((name, after)) = rest.strip_prefix("[:").and_then(|inner| inner.split_once(":]")) else {
        return Some(None);
    };
    let ranges = match name {
        "alnum" => vec![('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => vec![('A', 'Z'), ('a', 'z')],
        "ascii" => vec![('\0', '\x7f')],
        "blank" => vec![('\t', '\t'), (' ', ' ')],
        "cntrl" => vec![('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => vec![('0', '9')],
        "graph" => vec![('!', '~')],
        "lower" => vec![('a', 'z')],
        "print" => vec![(' ', '~')],
        "punct" => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => vec![('\t', '\r'), (' ', ' ')],
        "upper" => vec![('A', 'Z')],
        "word" => WORD.to_vec(),
        "xdigit" => vec![('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    };
    Some(Some((ranges, after)))
}
