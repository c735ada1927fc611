//! `extends`: every service with what it starts from put below it.

use std::collections::BTreeMap;

use super::check::Check;
use super::document::{Document, Service};
use super::graph::{Order, order};
use super::node::quote;
use super::read::{Merge, OneOrMany, Text};
use super::rules;
use super::suggest::{list, suggest};
use crate::diagnostic::{Diagnostic, Span};

/// Most entries that all services together may inherit.
const INHERITED: usize = 1_000_000;

/// A service or template with everything it extends applied.
pub(super) struct Resolved<'a> {
    pub(super) name: &'a Text,
    pub(super) body: Service,
    pub(super) is_template: bool,
}

/// Templates and services, in this order, each after `extends`.
pub(super) fn resolve<'a>(document: &'a Document, check: &mut Check<'_>) -> Vec<Resolved<'a>> {
    let templates = document.templates.iter().flat_map(|named| &named.0).map(|entry| (entry, true));
    let services = document.services.iter().flat_map(|named| &named.0).map(|entry| (entry, false));
    let all: Vec<(&(Text, Service), bool)> = templates.chain(services).collect();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, ((name, _), _)) in all.iter().enumerate() {
        numbers.entry(&name.value).or_insert(number);
    }

    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(all.len());
    let mut places: BTreeMap<(usize, usize), Span> = BTreeMap::new();
    let mut used = vec![false; all.len()];
    let mut broken = vec![false; all.len()];
    for (number, ((_, body), _)) in all.iter().enumerate() {
        let mut bases = Vec::new();
        for text in body.extends.as_ref().map_or(&[][..], OneOrMany::as_slice) {
            let Some(name) = check.text(text) else {
                broken[number] = true;
                continue;
            };
            if let Some(&base) = numbers.get(name.as_str()) {
                used[base] = true;
                places.insert((number, base), text.span);
                bases.push(base);
            } else {
                broken[number] = true;
                if document.broken && (document.templates.is_none() || document.services.is_none()) {
                    continue;
                }
                let known = numbers.keys().copied();
                let hint = check.hints.of(rules::UNKNOWN_TEMPLATE, &name, || {
                    suggest(&name, known.clone()).unwrap_or_else(|| list("templates and services", known))
                });
                let message = format!("unknown template or service {}", quote(&name));
                check.problems.push(Diagnostic {
                    hint,
                    ..Diagnostic::error(rules::UNKNOWN_TEMPLATE, text.span, message)
                });
            }
        }
        needs.push(bases);
    }

    let Order { sorted, cycles, circular } = order(&needs);
    for (broken, circular) in broken.iter_mut().zip(circular) {
        *broken |= circular;
    }
    for cycle in cycles {
        let hops: Vec<(&str, Span)> = cycle
            .iter()
            .zip(cycle.iter().cycle().skip(1))
            .map(|(from, to)| {
                (all[*from].0.0.value.as_str(), places.get(&(*from, *to)).copied().unwrap_or_default())
            })
            .collect();
        check.problems.push(cycle_error("extends", &hops));
    }

    let mut bodies: Vec<Service> = all.iter().map(|((_, body), _)| body.clone()).collect();
    let mut inherited = 0;
    for number in sorted {
        let mut body = std::mem::take(&mut bodies[number]);
        for &base in needs[number].iter().rev() {
            inherited += bodies[base].entries();
            if inherited > INHERITED {
                check.problems.push(
                    Diagnostic::error(
                        rules::TOO_LARGE,
                        all[number].0.0.span,
                        format!("services inherit more than {INHERITED} entries in all"),
                    )
                    .hint("a long chain of \"extends\" with long lists grows fast"),
                );
                return Vec::new();
            }
            inherit(&mut body, &bodies[base]);
        }
        body.broken |= broken[number];
        bodies[number] = body;
    }

    for (((name, _), is_template), used) in all.iter().zip(used) {
        if *is_template && !used {
            check.idle.push(
                Diagnostic::warning(
                    rules::UNUSED_TEMPLATE,
                    name.span,
                    format!("nothing extends the template {}", quote(&name.value)),
                )
                .hint("remove it, or extend it"),
            );
        }
    }
    all.into_iter()
        .zip(bodies)
        .map(|(((name, _), is_template), body)| Resolved { name, body, is_template })
        .collect()
}

/// Puts a base below a service. A test of its own is meant to run, though the base has switched off its check.
fn inherit(body: &mut Service, base: &Service) {
    let tests = body.healthcheck.as_ref().is_some_and(|own| own.test.is_some() && own.disable.is_none());
    body.merge(base);
    if let Some(check) = body.healthcheck.as_mut().filter(|_| tests) {
        check.disable = None;
    }
}

/// `a -> b -> a`, with a label at each hop. Hops are a name and where it names the next one.
pub(super) fn cycle_error(verb: &str, hops: &[(&str, Span)]) -> Diagnostic {
    /// More than this nobody reads.
    const MOST: usize = 12;
    let first = (0..hops.len()).min_by_key(|&hop| hops[hop].1).unwrap_or(0);
    let hops: Vec<(&str, Span)> = hops[first..].iter().chain(&hops[..first]).copied().collect();
    let start = hops.first().copied().unwrap_or_default();
    let mut path: Vec<&str> = hops.iter().take(MOST).map(|hop| hop.0).collect();
    if hops.len() > MOST {
        path.push("…");
    }
    path.push(start.0);
    let mut diagnostic = Diagnostic::error(
        rules::CYCLE,
        start.1,
        format!("{} {verb} itself: {}", quote(start.0), path.join(" -> ")),
    )
    .hint("break the circle at one of these places");
    for (index, hop) in hops.iter().enumerate().take(MOST).skip(1) {
        let next = hops.get(index + 1).map_or(start.0, |next| next.0);
        diagnostic = diagnostic.label(hop.1, format!("{} {verb} {}", hop.0, next));
    }
    diagnostic
}
