//! The manifest as written: every key of every mapping, with its type, meaning and an example.
//! A new key is a new line here; `check` then says what it means.

use schemars::JsonSchema;

use super::keys::keys;
use super::node::{Node, Value};
use super::read::{List, Merge, Named, OneOrMany, Pairs, Read, Reader, Text};

keys! {
    /// What a project's images are made of, and what they share.
    pub struct Document {
        /// The project's name.
        name: Text = "trading",
        /// Build arguments with their defaults, used as ${NAME} in values and overridden by --build-arg.
        args: Pairs = "{PYTHON: \"3.13\"}",
        /// Shared build stages: each is built once, whatever builds on it.
        stages: Named<Stage> = "{base: {from: python:3.13-slim}}",
        /// Like services, but not built: for services to extend.
        templates: Named<Service> = "{backend: {from: base, files: [common/]}}",
        /// Each is a build target and an image.
        services: Named<Service> = "{api: {from: base, files: [api/]}}",
        /// How Python packages are found.
        python: Python = "{lock: pylock.toml}",
        /// Lock of everything in the context: Python packages and the digests of images.
        lock: Text = "pylock.toml",
    }
}

keys! {
    /// A build stage: a base image with packages, files and commands on it, in the order apt, files, copy, run.
    pub struct Stage {
        /// What it starts from: a stage, an image with tag or digest, a named context, or scratch.
        from: Text = "python:3.13-slim",
        /// Platform of its base and of its commands: build for the builder's own, to be copied from. That of the images if absent.
        platform: Text = "build",
        /// Debian packages to install.
        apt: List<Text> = "[libpq5, curl]",
        /// Environment variables, for its commands and for every image built on it.
        environment: Pairs = "{TZ: UTC}",
        /// Absolute working directory.
        working_dir: Text = "/app",
        /// User that commands run as.
        user: Text = "\"1000:1000\"",
        /// Shell that runs commands given as text.
        shell: Argv = "[/bin/bash, -c]",
        /// Python requirements to install.
        requirements: List<Requirement> = "[requirements.txt]",
        /// Selections of the build context.
        files: List<File> = "[src/, {source: config/, target: /etc/app}]",
        /// Files from other stages, images or named contexts.
        copy: List<Copy> = "[{from: ui, source: /src/dist, target: /app/static}]",
        /// Commands to run, in this order.
        run: List<Run> = "[make, {command: [npm, ci], network: none}]",
        /// Build arguments of this stage alone, over those of the manifest.
        args: Pairs = "{DEBUG: \"1\"}",
    }
}

keys! {
    /// A service: an image with files of the context, files of stages, and its configuration.
    pub struct Service {
        /// Templates or services to start from: maps merge, lists append, scalars replace.
        extends: OneOrMany<Text> = "backend",
        /// What its image is built on: a stage, an image with tag or digest, a named context, or scratch.
        from: Text = "python:3.13-slim",
        /// Python requirements the service needs.
        requirements: List<Requirement> = "[requirements.txt]",
        /// Selections of the build context.
        files: List<File> = "[src/, {source: config/, target: /etc/app}]",
        /// Files from stages, images or named contexts.
        copy: List<Copy> = "[{from: ui, source: /src/dist, target: /app/static}]",
        /// Command to run, or its arguments if there is an entrypoint.
        command: Argv = "[python, -m, app]",
        /// Program to run.
        entrypoint: Argv = "[tini, --]",
        /// Environment variables.
        environment: Pairs = "{TZ: UTC}",
        /// Ports the service listens on.
        expose: List<Text> = "[8000, 9000/udp]",
        /// Absolute paths of volumes.
        volumes: List<Text> = "[/data]",
        /// User to run as.
        user: Text = "\"1000:1000\"",
        /// Absolute working directory.
        working_dir: Text = "/app",
        /// Labels of the image.
        labels: Pairs = "{com.example.team: trading}",
        /// How to find out whether the service is healthy.
        healthcheck: Healthcheck = "{test: [CMD, curl, -f, http://localhost:8000/], interval: 30s}",
        /// Signal that stops the service.
        stop_signal: Text = "SIGINT",
        /// Shell recorded in the image.
        shell: Argv = "[/bin/bash, -c]",
        /// Names to tag in generated bake files.
        image: OneOrMany<Text> = "registry.example.com/team/api:1",
        /// Platforms to build for in generated bake files.
        platforms: List<Text> = "[linux/amd64, linux/arm64]",
        /// OCI annotations of the image.
        annotations: Pairs = "{org.opencontainers.image.vendor: Example}",
        /// Limits that the image must keep.
        budget: Budget = "{size: 900MB, layers: 60}",
    }
}

keys! {
    /// A selection of the build context.
    pub struct FileMapping {
        /// Path in the context.
        source: Text = "config/",
        /// Where it goes: absolute, or below the working directory. The same path if absent.
        target: Text = "/etc/app",
        /// Patterns, below the source, of what to take.
        include: List<Text> = "[\"**/*.py\"]",
        /// Patterns, below the source, of what to leave.
        exclude: List<Text> = "[\"**/tests\"]",
        /// Owner of everything copied.
        owner: Text = "\"1000:1000\"",
        /// Permission bits of files, in octal.
        mode: Text = "\"0644\"",
    }
}

keys! {
    /// Files from a stage, an image or a named context, or a file of the web.
    pub struct Copy {
        /// A stage, an image with tag or digest, a named context, or the address of a file.
        from: Text = "ui",
        /// Absolute path there; none for an address.
        source: Text = "/src/dist",
        /// Digest of the file at an address.
        checksum: Text = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        /// Where it goes: absolute, or below the working directory. The same path if absent.
        target: Text = "/app/static",
        /// Patterns, below the source, of what to take.
        include: List<Text> = "[\"**/*.js\"]",
        /// Patterns, below the source, of what to leave.
        exclude: List<Text> = "[\"**/*.map\"]",
        /// Owner of everything copied.
        owner: Text = "\"1000:1000\"",
        /// Permission bits of files, in octal.
        mode: Text = "\"0644\"",
    }
}

keys! {
    /// How to find out whether the service is healthy.
    pub struct Healthcheck {
        /// Text for a shell, or a list that begins with CMD, CMD-SHELL or NONE.
        test: Argv = "[CMD, curl, -f, http://localhost:8000/]",
        /// Time between two checks.
        interval: Text = "30s",
        /// Time one check may take.
        timeout: Text = "5s",
        /// Time during which failures do not count.
        start_period: Text = "1m30s",
        /// Time between two checks during the start period.
        start_interval: Text = "2s",
        /// Failures in a row until unhealthy.
        retries: Text = "3",
        /// Whether to have no check, though the base has one.
        disable: Text = "true",
    }
}

keys! {
    /// Limits that an image must keep.
    pub struct Budget {
        /// Most bytes.
        size: Text = "900MB",
        /// Most layers, base included.
        layers: Text = "60",
    }
}

keys! {
    /// How Python packages are found.
    pub struct Python {
        /// Lock file in the context.
        lock: Text = "pylock.toml",
        /// Package indexes; the first is asked first.
        index: List<Index> = "[https://packages.example.com/simple]",
        /// Whether only `wheels` is searched.
        no_index: Text = "true",
        /// Directory of wheels in the context.
        wheels: Text = "vendor/wheels",
        /// Certificates of indexes, a PEM file in the context.
        certificates: Text = "company.pem",
        /// `together` (one version of each package for all services) or `separate`.
        resolution: Text = "separate",
        /// Whether modules are compiled when the image is built.
        bytecode: Text = "true",
    }
}

keys! {
    /// A dependency group or an extra of a `pyproject.toml`.
    pub struct RequirementMapping {
        /// Name of a dependency group.
        group: Text = "ml",
        /// Name of an extra: the project's dependencies and the extra's.
        extra: Text = "server",
        /// The file.
        file: Text = "backend/pyproject.toml",
    }
}

keys! {
    /// A package index with credentials.
    pub struct IndexMapping {
        /// Its address, without credentials.
        url: Text = "https://packages.example.com/simple",
        /// Id of the build secret that holds the Authorization header.
        secret: Text = "packages_auth",
    }
}

/// A value that is either short text or something longer.
macro_rules! either {
    ($(#[$meta:meta])* pub enum $name:ident { $(#[$short_doc:meta])* $short:ident, $(#[$long_doc:meta])* $long:ident($type:ty) = $expected:literal, $pattern:pat }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
        #[schemars(untagged)]
        pub enum $name {
            $(#[$short_doc])* $short(Text),
            $(#[$long_doc])* $long($type),
        }

        impl Read for $name {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                match &node.value {
                    Value::Scalar(_) => Text::read(node, reader).map(Self::$short),
                    $pattern => Read::read(node, reader).map(Self::$long),
                    _ => {
                        reader.wrong_type(node, $expected);
                        None
                    }
                }
            }
        }
    };
}

mod run;

pub(super) use run::{
    Cache, CacheMapping, Mount, Run, RunCommand, RunMapping, Secret, SecretMapping, Ssh, SshMapping,
};

either! {
    /// An entry of `files`.
    pub enum File {
        /// A path, to the same path below the working directory.
        Path,
        /// In full.
        Full(Box<FileMapping>) = "a path or a mapping", Value::Map(_)
    }
}

either! {
    /// An entry of `requirements`.
    pub enum Requirement {
        /// A requirements file in the context.
        File,
        /// A dependency group.
        Group(RequirementMapping) = "a path or a mapping", Value::Map(_)
    }
}

either! {
    /// An entry of `index`.
    pub enum Index {
        /// An address.
        Url,
        /// In full.
        Full(IndexMapping) = "an address or a mapping", Value::Map(_)
    }
}

either! {
    /// A command line: text that is split into words, or the list of words.
    pub enum Argv {
        /// Split as a shell would.
        Line,
        /// As it is.
        Words(List<Text>) = "text or a list of texts", Value::List(_)
    }
}

impl Merge for Argv {
    fn merge(&mut self, _: &Self) {}
}

impl<T: Clone> Merge for Named<T> {
    fn merge(&mut self, _: &Self) {}
}
