//! What a Dockerfile or a compose file would expand, and an image's configuration has as it is written: `$PATH` in a variable,
//! `&&` in a command that no shell runs, and compose's `$$`.

use super::Check;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::document::Argv;
use crate::manifest::interpolate::{name_length, shell_names};
use crate::manifest::node::quote;
use crate::manifest::read::{Pairs, Text};
use crate::manifest::rules;

/// Variables that are usually made of what they were before.
const USUAL: [&str; 4] = ["HOME", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH"];

/// Words that mean something to a shell alone.
const OF_SHELLS: [&str; 10] = ["&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1", "2>"];

impl Check<'_> {
    /// Warns of variables that name others of them.
    pub(super) fn expanded_variables(&mut self, pairs: Option<&Pairs>) {
        let entries = || pairs.iter().flat_map(|pairs| &pairs.entries);
        for text in entries().filter_map(|(_, value)| value.as_ref()) {
            let names = |name: &&str| USUAL.contains(name) || entries().any(|(key, _)| key.value == **name);
            // `${NAME}` is a build argument, or an error.
            let mut found = text.value.match_indices('$').map(|(at, _)| &text.value[at + 1..]);
            let other = found.find_map(|rest| {
                let rest = rest.strip_prefix("${").unwrap_or(rest);
                Some(&rest[..name_length(rest)]).filter(|name| !name.is_empty()).filter(names)
            });
            if let Some(name) = other {
                let message = format!("found the variable {} in another one, where it is text", quote(name));
                let hint = "an image's variables are not expanded: write the whole value";
                self.unexpanded(text.span, message, hint.to_owned());
            }
            self.twice(text);
        }
    }

    /// Warns of commands that need a shell, and of what a shell of theirs would get twice.
    pub(super) fn expanded_command(&mut self, argv: &Argv) {
        let line = match argv {
            Argv::Words(words) => return self.all_twice(&words.0),
            Argv::Line(line) => line,
        };
        let words = shlex::split(&line.value).unwrap_or_default();
        if self.twice(line) || words.iter().any(|word| word == "-c") {
            return;
        }
        let assigns = |word: &String| {
            let length = name_length(word);
            length > 0 && word[length..].starts_with('=')
        };
        let first = words.first().filter(|word| assigns(word));
        let others = words.iter().find(|word| OF_SHELLS.contains(&word.as_str()) || is_variable(word));
        if let Some(word) = first.or(others) {
            let message = format!("no shell runs this command, which gets {} as it is", quote(word));
            let hint = format!("write [/bin/sh, -c, {}], with exec before the program", quote(&line.value));
            self.unexpanded(line.span, message, hint);
        }
    }

    /// The same of all words of a command.
    pub(super) fn all_twice(&mut self, words: &[Text]) {
        for word in words {
            self.twice(word);
        }
    }

    /// Warns of `$$NAME`, which compose makes `$NAME` of. Whether there is one.
    pub(super) fn twice(&mut self, text: &Text) -> bool {
        let names = text.value.match_indices("$$").map(|(at, _)| &text.value[at + 2..]);
        let name = names.map(|rest| &rest[..name_length(rest)]).find(|name| !name.is_empty());
        if let Some(name) = name {
            let message = format!("found $${name}, which keeps both dollars");
            self.unexpanded(text.span, message, format!("write ${name}: only ${{{name}}} is replaced here"));
        }
        name.is_some()
    }

    fn unexpanded(&mut self, span: Span, message: String, hint: String) {
        self.problems.push(Diagnostic::warning(rules::NOT_EXPANDED, span, message).hint(hint));
    }
}

/// Whether a word is or has `$NAME`; `${NAME}` is replaced before.
fn is_variable(word: &str) -> bool {
    !word.contains("${") && shell_names(word).next().is_some()
}
