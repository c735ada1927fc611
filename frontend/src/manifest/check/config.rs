//! Image configuration of a service, in compose's terms.

use std::collections::BTreeSet;

use super::{Check, Fault, names, path, quantity};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::document::{Argv, Budget, Healthcheck, Service};
use crate::manifest::model;
use crate::manifest::node::quote;
use crate::manifest::read::{List, Text};
use crate::manifest::rules;

/// Most ports that all services together may expose.
const PORTS: usize = 200_000;

impl Check<'_> {
    /// Everything that the image configuration says.
    pub(super) fn config(&mut self, service: &Service) -> model::Config {
        self.expanded_variables(service.environment.as_ref());
        for argv in [&service.command, &service.entrypoint].into_iter().flatten() {
            self.expanded_command(argv);
        }
        model::Config {
            command: service.command.as_ref().and_then(|argv| self.argv(argv)),
            entrypoint: service.entrypoint.as_ref().and_then(|argv| self.argv(argv)),
            environment: self.variables(service.environment.as_ref(), "variable", true),
            expose: self.expose(service.expose.as_ref()),
            volumes: self.all(service.volumes.as_ref(), path::volume),
            user: service.user.as_ref().and_then(|user| self.parse(user, names::user)),
            working_dir: service.working_dir.as_ref().and_then(|dir| self.spanned(dir, path::absolute)),
            labels: self.variables(service.labels.as_ref(), "label", false),
            healthcheck: service.healthcheck.as_ref().and_then(|check| self.healthcheck(check)),
            stop_signal: service.stop_signal.as_ref().and_then(|signal| self.parse(signal, names::signal)),
            shell: self.shell(service.shell.as_ref()),
        }
    }

    /// Ports as `8000/tcp`, each once, in the order said. A few letters say tens of thousands of them.
    fn expose(&mut self, ports: Option<&List<Text>>) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for text in ports.iter().flat_map(|ports| &ports.0) {
            let Some((range, protocol)) = self.parse(text, quantity::ports) else { continue };
            let before = self.ports;
            self.ports += range.len();
            if self.ports > PORTS {
                if before <= PORTS {
                    let message = format!("services expose more than {PORTS} ports in all");
                    self.problems.push(
                        Diagnostic::error(rules::TOO_LARGE, text.span, message)
                            .hint("expose those that somebody connects to"),
                    );
                }
                continue;
            }
            let ports = range.map(|port| format!("{port}/{protocol}"));
            found.extend(ports.filter(|port| seen.insert(port.clone())));
        }
        found
    }

    /// Every text of a list, parsed; what is wrong is left out.
    pub(super) fn all<T>(
        &mut self,
        list: Option<&List<Text>>,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Vec<T> {
        list.iter().flat_map(|list| &list.0).filter_map(|text| self.parse(text, &parse)).collect()
    }

    /// A command line. Text is split before its arguments are put in, so that no value becomes two.
    pub(super) fn argv(&mut self, argv: &Argv) -> Option<Vec<String>> {
        match argv {
            Argv::Words(words) => self.words(&words.0),
            Argv::Line(line) => {
                let words = self.report(line.span, split(&line.value))?;
                words.into_iter().map(|value| self.text(&Text { value, span: line.span })).collect()
            }
        }
    }

    /// The words of an argv, interpolated one by one.
    pub(super) fn words(&mut self, words: &[Text]) -> Option<Vec<String>> {
        let checked: Vec<Option<String>> = words.iter().map(|word| self.text(word)).collect();
        checked.into_iter().collect()
    }

    /// A shell; one without a program would run nothing.
    pub(super) fn shell(&mut self, shell: Option<&Argv>) -> Option<Vec<String>> {
        let shell = shell?;
        let words = self.argv(shell)?;
        if words.first().is_none_or(String::is_empty) {
            let span = place(shell);
            self.problems.push(
                Diagnostic::error(rules::INVALID_VALUE, span, "found an empty shell, expected a program")
                    .hint("write for example [/bin/bash, -c]"),
            );
            return None;
        }
        Some(words)
    }

    fn healthcheck(&mut self, check: &Healthcheck) -> Option<model::Healthcheck> {
        let mut time = |text: &Option<Text>| match text {
            Some(text) => self.parse(text, quantity::duration),
            None => Some(0),
        };
        let times =
            [&check.interval, &check.timeout, &check.start_period, &check.start_interval].map(&mut time);
        let retries = match &check.retries {
            Some(retries) => self.parse(retries, quantity::count),
            None => Some(0),
        };
        let disable = match &check.disable {
            Some(disable) => self.parse(disable, quantity::boolean),
            None => Some(false),
        };
        let test = match &check.test {
            Some(test) => self.test(test),
            None => Some(Vec::new()),
        };
        if let (Some(disabled), Some(true), Some(test)) = (&check.disable, disable, &check.test)
            && [disabled.span, place(test)].iter().all(|span| check.place.0.contains(*span))
        {
            let message = "found \"disable\" beside \"test\", expected one of the two";
            self.problems.push(
                Diagnostic::error(rules::INVALID_VALUE, disabled.span, message)
                    .label(place(test), "the test")
                    .hint("remove the one that is not meant"),
            );
            return None;
        }
        let [interval, timeout, start_period, start_interval] = times;
        if disable? {
            return Some(model::Healthcheck {
                test: vec!["NONE".to_owned()],
                ..model::Healthcheck::default()
            });
        }
        Some(model::Healthcheck {
            test: test?,
            interval: interval?,
            timeout: timeout?,
            start_period: start_period?,
            start_interval: start_interval?,
            retries: retries?,
        })
    }

    /// The test of a health check. A text for the shell stays as it is: a value never becomes part of one.
    fn test(&mut self, test: &Argv) -> Option<Vec<String>> {
        let words: &[Text] = match test {
            Argv::Line(line) if is_form(&line.value) => {
                let message = format!("found {}, which a shell would run as a command", quote(&line.value));
                self.problems.push(
                    Diagnostic::error(rules::INVALID_VALUE, line.span, message)
                        .hint("write disable: true for NONE, and the command without the word CMD"),
                );
                return None;
            }
            Argv::Line(line) if !line.value.trim().is_empty() => {
                self.twice(line);
                return Some(vec!["CMD-SHELL".to_owned(), line.value.clone()]);
            }
            Argv::Line(_) => &[],
            Argv::Words(words) => &words.0,
        };
        let kind = words.first().map_or("", |word| word.value.as_str());
        let blank = words.get(1).is_none_or(|word| word.value.trim().is_empty());
        let fine = match kind {
            "NONE" => words.len() == 1,
            "CMD" => !blank,
            "CMD-SHELL" => words.len() == 2 && !blank,
            _ => false,
        };
        if !fine {
            let message = match kind {
                "" => "found an empty test, expected CMD, CMD-SHELL or NONE".to_owned(),
                "NONE" => "found words after NONE".to_owned(),
                "CMD" => "found no command after CMD".to_owned(),
                "CMD-SHELL" => "expected one text after CMD-SHELL".to_owned(),
                other => format!("found {}, expected CMD, CMD-SHELL or NONE first", quote(other)),
            };
            let span = words.first().map_or(place(test), |word| word.span);
            self.problems.push(
                Diagnostic::error(rules::INVALID_VALUE, span, message)
                    .hint("write for example [CMD, curl, -f, \"http://localhost:8000/\"]"),
            );
            return None;
        }
        self.all_twice(words);
        if kind == "CMD-SHELL" {
            return Some(words.iter().map(|word| word.value.clone()).collect());
        }
        self.words(words)
    }

    /// Limits of an image.
    pub(super) fn budget(&mut self, budget: &Budget) -> Option<model::Budget> {
        let Budget { size, layers, place, .. } = budget;
        let size = size.as_ref().map(|size| self.parse(size, quantity::size));
        let layers = layers.as_ref().map(|layers| self.parse(layers, quantity::count));
        if size.is_none() && layers.is_none() {
            return None;
        }
        Some(model::Budget { span: place.0, size: size.flatten(), layers: layers.flatten() })
    }
}

/// Whether a test is written as in a Dockerfile, with the word that says its kind.
fn is_form(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    ["NONE", "CMD", "CMD-SHELL"].contains(&word)
}

/// Where a command line stands.
fn place(argv: &Argv) -> Span {
    match argv {
        Argv::Line(line) => line.span,
        Argv::Words(words) => words.1.0,
    }
}

/// Splits a command line into words as a shell would.
fn split(line: &str) -> Result<Vec<String>, Fault> {
    /// Stands for `#`, which the splitter would take for the beginning of a comment and drop.
    const HASH: &str = "\u{e000}";
    let words = shlex::split(&line.replace('#', HASH)).ok_or_else(|| {
        let hint = "close the quote, or write the command as a list";
        Fault::new(rules::INVALID_VALUE, format!("found an open quote in {}", quote(line)), hint)
    })?;
    if words.is_empty() {
        let hint = "write [] to take no command from the base";
        return Err(Fault::new(rules::INVALID_VALUE, "found an empty command", hint));
    }
    Ok(words.into_iter().map(|word| word.replace(HASH, "#")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines() {
        assert_eq!(split("a 'b c' \"d\\\"e\" f\\ g #h").unwrap(), ["a", "b c", "d\"e", "f g", "#h"]);
        assert!(split("a 'b").is_err());
        assert!(split("  ").is_err());
    }
}
