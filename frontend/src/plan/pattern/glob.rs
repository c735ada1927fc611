//! One pattern. moby turns a pattern into the text of a regular expression without looking at what
//! it is part of, so `[*]` is no star in brackets and `\d` is a digit. The same text is made here and
//! read by a small reader of exactly those expressions.
//! Source: moby/patternmatcher, `Pattern.compile` and `Pattern.match`; Go's `regexp/syntax`.

use super::class::{self, Set};

/// A pattern, ready to match.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    kind: Kind,
    /// What every match begins with.
    head: String,
    /// What every match ends with.
    tail: String,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Nothing but text.
    Exact,
    /// Text, then anything: `a/**`.
    Prefix,
    /// Anything, then text: `**/a`. Whether the text begins with a slash, which then may be missing.
    Suffix,
    Steps(Vec<Step>),
}

/// A state of the matcher.
#[derive(Clone, Debug)]
enum Step {
    /// One character.
    One(Set),
    /// Any number of characters, none too.
    Many(Set),
    /// `(.*/)?` begins: on with the next step, or past it.
    Maybe,
    /// Inside of it: until some slash.
    UntilSlash,
    /// `^`: the beginning.
    Start,
}

impl Glob {
    /// `None` if moby refuses it.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        check_syntax(pattern)?;
        let (text, detected) = expression(pattern);
        let plain = |kind, head: &str, tail: &str| Self { kind, head: head.into(), tail: tail.into() };
        Some(match detected {
            Detected::Exact => plain(Kind::Exact, pattern, ""),
            Detected::Prefix => plain(Kind::Prefix, pattern.strip_suffix("**").unwrap_or(pattern), ""),
            Detected::Suffix => plain(Kind::Suffix, "", pattern.strip_prefix("**").unwrap_or(pattern)),
            Detected::Expression => {
                let steps = steps(&text)?;
                let literal = |step: &Step| match step {
                    Step::One(Set::One(c)) => Some(*c),
                    _ => None,
                };
                let head = steps.iter().map_while(literal).collect();
                let tail: Vec<char> = steps.iter().rev().map_while(literal).collect();
                Self { kind: Kind::Steps(steps), head, tail: tail.into_iter().rev().collect() }
            }
        })
    }

    /// The whole pattern, if it is nothing but text.
    pub(super) fn exact(&self) -> Option<&str> {
        matches!(self.kind, Kind::Exact).then_some(&self.head)
    }

    /// The directory that all matches are in, as far as it is plain; `None`: they can be anywhere.
    pub(super) fn directory(&self) -> Option<&str> {
        self.head.rsplit_once('/').map(|(directory, _)| directory)
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        match &self.kind {
            Kind::Exact => path == self.head,
            Kind::Prefix => path.starts_with(&self.head),
            Kind::Suffix => path.ends_with(&self.tail) || self.tail.strip_prefix('/') == Some(path),
            Kind::Steps(steps) => {
                path.starts_with(&self.head) && path.ends_with(&self.tail) && run(steps, path)
            }
        }
    }
}

/// Follows all ways through the steps at once, so that no pattern takes long.
fn run(steps: &[Step], path: &str) -> bool {
    let mut now = vec![false; steps.len() + 1];
    let mut next = now.clone();
    reach(steps, &mut now, 0, true);
    for c in path.chars() {
        next.fill(false);
        for (at, step) in steps.iter().enumerate().filter(|(at, _)| now[*at]) {
            match step {
                Step::One(set) if set.has(c) => reach(steps, &mut next, at + 1, false),
                Step::Many(set) if set.has(c) => reach(steps, &mut next, at, false),
                Step::UntilSlash if c != '\n' => {
                    next[at] = true;
                    if c == '/' {
                        reach(steps, &mut next, at + 1, false);
                    }
                }
                _ => {}
            }
        }
        std::mem::swap(&mut now, &mut next);
    }
    now[steps.len()]
}

/// Marks a step and those that can be reached from it without a character.
fn reach(steps: &[Step], states: &mut [bool], at: usize, start: bool) {
    let mut pending = vec![at];
    while let Some(at) = pending.pop() {
        if std::mem::replace(&mut states[at], true) {
            continue;
        }
        match steps.get(at) {
            Some(Step::Many(_)) => pending.push(at + 1),
            Some(Step::Maybe) => pending.extend([at + 1, at + 2]),
            Some(Step::Start) if start => pending.push(at + 1),
            _ => {}
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Detected {
    Exact,
    Prefix,
    Suffix,
    Expression,
}

/// moby's expression for a pattern, and the shorter way it takes if there is one.
fn expression(pattern: &str) -> (String, Detected) {
    let mut text = String::new();
    let mut detected = Detected::Exact;
    let mut chars = pattern.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                let _ = chars.next_if_eq(&'/');
                if chars.peek().is_some() {
                    text.push_str("(.*/)?");
                    detected = Detected::Expression;
                } else if detected == Detected::Exact {
                    detected = Detected::Prefix;
                } else {
                    text.push_str(".*");
                    detected = Detected::Expression;
                }
                if first {
                    detected = Detected::Suffix;
                }
            }
            '*' | '?' => {
                text.push_str(if c == '*' { "[^/]*" } else { "[^/]" });
                detected = Detected::Expression;
            }
            '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => text.extend(['\\', c]),
            '\\' => {
                text.push('\\');
                if let Some(escaped) = chars.next() {
                    text.push(escaped);
                    detected = Detected::Expression;
                }
            }
            '[' | ']' => {
                text.push(c);
                detected = Detected::Expression;
            }
            c => text.push(c),
        }
        first = false;
    }
    (text, detected)
}

/// Reads an expression made by [`expression`].
fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("(.*/)?") {
            steps.extend([Step::Maybe, Step::UntilSlash]);
            rest = after;
            continue;
        }
        if c == '^' {
            steps.push(Step::Start);
            rest = &rest[1..];
            continue;
        }
        let (set, after) = match c {
            '[' => class::bracketed(rest)?,
            '\\' => class::escaped(&rest[1..])?,
            '.' => (Set::NotNewline, &rest[1..]),
            // What is left of a group that began in brackets.
            '(' | ')' | '?' | '*' | '+' => return None,
            c => (Set::One(c), &rest[c.len_utf8()..]),
        };
        if let Some(after) = after.strip_prefix('*') {
            steps.push(Step::Many(set));
            rest = after;
        } else {
            steps.push(Step::One(set));
            rest = after;
        }
    }
    Some(steps)
}

/// What Go's `filepath.Match` calls a bad pattern, moby refuses before it looks further.
fn check_syntax(pattern: &str) -> Option<()> {
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()?),
            '[' => {
                let _ = chars.next_if_eq(&'^');
                let mut ranges = 0;
                loop {
                    if ranges > 0 && chars.next_if_eq(&']').is_some() {
                        break;
                    }
                    one_of_range(&mut chars)?;
                    if chars.next_if_eq(&'-').is_some() {
                        one_of_range(&mut chars)?;
                    }
                    chars.peek()?;
                    ranges += 1;
                }
            }
            _ => {}
        }
    }
    Some(())
}

fn one_of_range(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<()> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next().map(drop),
        _ => Some(()),
    }
}
