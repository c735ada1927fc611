//! A monorepo of any size, as a manifest and the paths that it names.

use std::fmt::Write as _;

use crate::fake::{Files, Image, Script};
use crate::packages::Packages;

/// Stages that services are built on, in turn.
const STAGES: [&str; 3] = ["base", "ai", "web"];

/// A generated project.
pub(crate) struct Project {
    pub(crate) services: usize,
    pub(crate) manifest: String,
    pub(crate) packages: Option<Packages>,
    context: Files,
}

impl Project {
    /// Services with two selections of their own, one of all and one of a group, on three stages, and with packages if
    /// there are some.
    pub(crate) fn new(services: usize, packages: Option<Packages>) -> Self {
        let mut text = String::from(
            "# syntax=layerset/frontend:1\n\
             name: shop\n\
             args: {PYTHON: '3.13'}\n\
             stages:\n  \
               base:\n    from: python:${PYTHON}-slim\n    apt: [curl, libpq5]\n    working_dir: /app\n    \
                 environment: {PYTHONUNBUFFERED: '1'}\n    run: [useradd --uid 1000 app]\n  \
               ai: {from: base, apt: [libgomp1]}\n  \
               web: {from: base, files: [assets/]}\n  \
               page:\n    from: base\n    files: [page/]\n    run:\n      \
                 - {command: [make, page], secrets: [token], network: none}\n\
             templates:\n  \
               python:\n    files: [common/]\n    user: '1000:1000'\n    environment: {TZ: UTC}\n    \
                 labels: {org.opencontainers.image.vendor: example}\n\
             services:\n",
        );
        let mut paths = vec!["assets/x".to_owned(), "common/x".to_owned(), "page/x".to_owned()];
        if packages.is_some() {
            text.insert_str(text.find("args:").unwrap_or(0), "python: {lock: pylock.toml}\n");
        }
        for number in 0..services {
            let stage = STAGES[number % STAGES.len()];
            let group = number % 8;
            let _ = write!(
                text,
                "  service-{number}:\n    extends: python\n    from: {stage}\n    \
                 files: [services/s{number}/, lib/group-{group}/, config/s{number}.yaml]\n    \
                 command: [python, -m, services.s{number}]\n    environment: {{PORT: '{port}'}}\n    \
                 expose: [{port}]\n    healthcheck: {{test: [CMD, curl, -f, 'http://localhost:{port}/'], interval: 5s}}\n",
                port = 1024 + number % 60_000,
            );
            if let Some(packages) = &packages {
                let _ = writeln!(text, "    {}", packages.of(number));
            }
            if number % 5 == 0 {
                text.push_str("    copy: [{from: page, source: /app/page, target: static}]\n");
            }
            paths.extend([
                format!("services/s{number}/x"),
                format!("lib/group-{group}/x"),
                format!("config/s{number}.yaml"),
            ]);
        }
        let mut context: Files = paths.into_iter().map(|path| (path, Vec::new())).collect();
        let texts = packages.iter().flat_map(Packages::texts);
        context.extend(texts.map(|(path, text)| (path, text.into_bytes())));
        Self { services, manifest: text, packages, context }
    }

    /// What the fake engine has to know to answer.
    pub(crate) fn script(&self) -> Script {
        let manifest = Files::from([("layerset.yaml".to_owned(), self.manifest.clone().into_bytes())]);
        let image = Image {
            digest: format!("sha256:{}", "a".repeat(64)),
            config: r#"{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/bin"]}}"#.into(),
            rewritten: None,
        };
        Script {
            locals: [("dockerfile".to_owned(), manifest), ("context".to_owned(), self.context.clone())]
                .into(),
            images: [("docker.io/library/python:3.13-slim".to_owned(), image)].into(),
            answers: self.packages.as_ref().map(Packages::answers).unwrap_or_default(),
            ..Script::default()
        }
    }
}
