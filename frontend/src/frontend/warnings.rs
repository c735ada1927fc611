//! Warnings, as the engine shows them.

use std::collections::BTreeSet;

use buildkit_proto::gateway as gw;

use crate::diagnostic::{Diagnostic, Source, Span};
use crate::engine::Engine;
use crate::failure::Failure;

/// What the command line asks for and this engine cannot do.
pub(super) fn unsupported(engine: &Engine) -> Vec<Diagnostic> {
    let caps = engine.client.caps();
    let (_, lacking) = engine.options.sandbox.supported(|cap| caps.llb(cap));
    let warning = |message| Diagnostic::warning("unsupported-option", Span::default(), message);
    lacking.into_iter().map(|message| warning(message).hint("build on a newer engine")).collect()
}

/// Shows warnings, each once: those of several platforms are mostly the same.
pub(super) async fn show_warnings(
    engine: &Engine,
    source: &Source,
    warnings: Vec<Diagnostic>,
) -> Result<(), Failure> {
    let mut shown = BTreeSet::new();
    for warning in &warnings {
        if shown.insert((warning.span, warning.rule, &warning.message)) {
            engine.client.warn(warning_request(engine, source, warning)).await?;
        }
    }
    Ok(())
}

fn warning_request(engine: &Engine, source: &Source, warning: &Diagnostic) -> gw::WarnRequest {
    let (definition, digest) = engine.manifest_definition();
    let range = source.range(warning.span);
    let detail = warning.hint.iter().map(|hint| hint.clone().into_bytes()).collect();
    gw::WarnRequest {
        digest,
        level: 1,
        short: format!("{}: {}", warning.rule, crate::failure::one_line(source, warning)).into_bytes(),
        detail,
        info: Some(buildkit_proto::pb::SourceInfo {
            filename: source.name.clone(),
            data: crate::failure::excerpt(&source.text, range.start.line, range.end.line).into_bytes(),
            language: "yaml".into(),
            definition: Some(definition),
        }),
        ranges: vec![range.into()],
        ..gw::WarnRequest::default()
    }
}
