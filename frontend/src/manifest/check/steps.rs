//! `run`: commands and what they may use.

use std::collections::BTreeMap;

use super::args::Argument;
use super::{Check, names, path, quantity};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::document::{self, CacheMapping, RunCommand, RunMapping, SecretMapping, SshMapping};
use crate::manifest::interpolate::shell_names;
use crate::manifest::model::{Cache, Command, Network, Owned, Run, Secret, Security, Sharing, Ssh};
use crate::manifest::node::quote;
use crate::manifest::read::{List, Text};
use crate::manifest::rules;
use crate::manifest::suggest::suggest;

impl Check<'_> {
    /// The commands of a stage.
    pub(super) fn steps(&mut self, steps: Option<&List<document::Run>>) -> Vec<Run> {
        steps.iter().flat_map(|steps| &steps.0).filter_map(|step| self.step(step)).collect()
    }

    fn step(&mut self, step: &document::Run) -> Option<Run> {
        let mapping = match step {
            document::Run::Command(command) => {
                &RunMapping { command: Some(command.clone()), ..RunMapping::default() }
            }
            document::Run::Full(mapping) => mapping,
        };
        let secrets = mapping.secrets.iter().flat_map(|list| &list.0);
        let secrets = secrets.filter_map(|secret| self.secret(secret)).collect();
        let ssh = mapping.ssh.iter().flat_map(|list| &list.0);
        let ssh = ssh.filter_map(|ssh| self.ssh(ssh)).collect();
        let cache = mapping.cache.iter().flat_map(|list| &list.0);
        let cache = cache.filter_map(|cache| self.cache(cache)).collect();
        let networks = [("default", Network::Default), ("none", Network::None), ("host", Network::Host)];
        let network = mapping.network.as_ref().and_then(|text| self.one_of(text, "a network", networks));
        let mounts = mapping.mounts.iter().flat_map(|list| &list.0);
        let mounts = mounts.filter_map(|mount| self.mount(mount)).collect();
        let kinds = [("sandbox", Security::Sandbox), ("insecure", Security::Insecure)];
        let security = mapping.security.as_ref().and_then(|text| self.one_of(text, "a security mode", kinds));
        let Some(command) = &mapping.command else {
            if !mapping.broken {
                self.missing(
                    mapping.place.0,
                    "an entry of \"run\" has no \"command\"",
                    "write for example {command: [npm, ci]}",
                );
            }
            return None;
        };
        let (span, command, args) = self.command(command)?;
        let (network, security) = (network.unwrap_or_default(), security.unwrap_or_default());
        let run = Run { span, command, args, secrets, ssh, cache, network, mounts, security };
        self.one_at_each_place(&run);
        Some(run)
    }

    fn command(&mut self, command: &RunCommand) -> Option<(Span, Command, BTreeMap<String, String>)> {
        let span = match command {
            RunCommand::Shell(text) => text.span,
            RunCommand::Argv(words) => words.1.0,
        };
        let empty = match command {
            RunCommand::Shell(text) => text.value.trim().is_empty(),
            RunCommand::Argv(words) => words.0.first().is_none_or(|word| word.value.is_empty()),
        };
        if empty {
            self.problems.push(
                Diagnostic::error(rules::INVALID_VALUE, span, "found an empty command")
                    .hint("write for example \"make\" or [npm, ci]"),
            );
            return None;
        }
        let mut args = self.own_arguments();
        match command {
            RunCommand::Shell(text) => {
                args.extend(shell_names(&text.value).filter_map(|name| match self.argument(name) {
                    Argument::Set(value) => Some((name.to_owned(), value)),
                    _ => None,
                }));
                Some((span, Command::Shell(text.value.clone()), args))
            }
            RunCommand::Argv(words) => Some((span, Command::Argv(self.words(&words.0)?), args)),
        }
    }

    fn secret(&mut self, secret: &document::Secret) -> Option<Secret> {
        let mapping = match secret {
            document::Secret::Id(id) => &SecretMapping { id: Some(id.clone()), ..SecretMapping::default() },
            document::Secret::Full(mapping) => mapping,
        };
        let environment = mapping.environment.as_ref().map(|name| self.parse(name, names::shell_variable));
        let target = mapping.target.as_ref().map(|target| self.parse(target, path::mounted_absolute));
        let required = mapping.required.as_ref().map(|required| self.parse(required, quantity::boolean));
        let owned = self.owned(0o400, mapping.mode.as_ref(), mapping.uid.as_ref(), mapping.gid.as_ref());
        let Some(text) = &mapping.id else {
            if !mapping.broken {
                self.missing(mapping.place.0, "a secret has no \"id\"", "write for example {id: npm_token}");
            }
            return None;
        };
        let id = self.parse(text, names::id)?;
        let target = match (target, &environment) {
            (Some(target), _) => Some(target?),
            (None, Some(_)) => None,
            (None, None) => Some(format!("/run/secrets/{id}")),
        };
        Some(Secret {
            span: text.span,
            id,
            target,
            environment: environment.flatten(),
            required: required.flatten().unwrap_or(true),
            mode: owned.mode,
            uid: owned.uid,
            gid: owned.gid,
        })
    }

    fn ssh(&mut self, ssh: &document::Ssh) -> Option<Ssh> {
        let mapping = match ssh {
            document::Ssh::Id(id) => &SshMapping { id: Some(id.clone()), ..SshMapping::default() },
            document::Ssh::Full(mapping) => mapping,
        };
        let target = mapping.target.as_ref().map(|target| self.parse(target, path::mounted_absolute));
        let required = mapping.required.as_ref().map(|required| self.parse(required, quantity::boolean));
        let owned = self.owned(0o600, mapping.mode.as_ref(), mapping.uid.as_ref(), mapping.gid.as_ref());
        let Some(text) = &mapping.id else {
            if !mapping.broken {
                self.missing(mapping.place.0, "an agent has no \"id\"", "write for example {id: default}");
            }
            return None;
        };
        Some(Ssh {
            span: text.span,
            id: self.parse(text, names::id)?,
            target: target.flatten(),
            required: required.flatten().unwrap_or(true),
            mode: owned.mode,
            uid: owned.uid,
            gid: owned.gid,
        })
    }

    /// Owner and permissions; root's, with the mode `usual`, where they are not said.
    fn owned(&mut self, usual: u32, mode: Option<&Text>, uid: Option<&Text>, gid: Option<&Text>) -> Owned {
        let mode = mode.and_then(|mode| self.parse(mode, quantity::mode));
        let mut number = |text: Option<&Text>| text.and_then(|text| self.parse(text, quantity::number));
        let (uid, gid) = (number(uid).unwrap_or_default(), number(gid).unwrap_or_default());
        Owned { mode: mode.unwrap_or(usual), uid, gid }
    }

    fn cache(&mut self, cache: &document::Cache) -> Option<Cache> {
        let mapping = match cache {
            document::Cache::Path(path) => {
                &CacheMapping { target: Some(path.clone()), ..CacheMapping::default() }
            }
            document::Cache::Full(mapping) => mapping,
        };
        let id = mapping.id.as_ref().map(|id| self.parse(id, names::id));
        let kinds = [("shared", Sharing::Shared), ("private", Sharing::Private), ("locked", Sharing::Locked)];
        let sharing = mapping.sharing.as_ref().and_then(|text| self.one_of(text, "a way of sharing", kinds));
        let said = mapping.mode.is_some() || mapping.uid.is_some() || mapping.gid.is_some();
        let owned = self.owned(0o755, mapping.mode.as_ref(), mapping.uid.as_ref(), mapping.gid.as_ref());
        let Some(target) = &mapping.target else {
            if !mapping.broken {
                self.missing(
                    mapping.place.0,
                    "a cache has no \"target\"",
                    "write for example {target: /root/.npm}",
                );
            }
            return None;
        };
        let path = self.parse(target, path::mounted_absolute)?;
        Some(Cache {
            span: target.span,
            target: path,
            id: id.flatten(),
            sharing: sharing.unwrap_or_default(),
            owned: said.then_some(owned),
        })
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy, const N: usize>(
        &mut self,
        text: &Text,
        what: &str,
        words: [(&'static str, T); N],
    ) -> Option<T> {
        let value = self.text(text)?;
        if let Some((_, found)) = words.iter().find(|(word, _)| *word == value) {
            return Some(*found);
        }
        let names = words.map(|(word, _)| word);
        let (last, others) = names.split_last()?;
        let message = format!("found {}, expected {what}: {} or {last}", quote(&value), others.join(", "));
        let example = names.get(1).unwrap_or(last);
        self.problems.push(Diagnostic::error(rules::INVALID_VALUE, text.span, message).hint(
            suggest(&value, names.into_iter()).unwrap_or_else(|| format!("write for example {example}")),
        ));
        None
    }
}
