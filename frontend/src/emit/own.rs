//! Steps of our own, which find out what the plan needs: this program runs in them, from the frontend's own image.

use std::collections::BTreeSet;

use buildkit_llb::{CacheSharing, Edge, Exec, File, Graph, Metadata, Mkfile, Mount, NetMode, Secret};
use buildkit_proto::pb;

use super::packages::{Made, NO_OWN_IMAGE};
use super::step::limited;
use super::{Emitter, FILE_TIME, Input, OwnImage, look};
use crate::diagnostic::Span;
use crate::manifest::model::Network;
use crate::plan::Target;

/// Where a step on a stage has what is ours.
pub(super) const STEP: &str = "/.layerset";
/// Where it finds this program, and writes to.
pub(super) const OWN: &str = "/.layerset/own";
pub(super) const OUT: &str = "/.layerset/out";

/// A step that answers with a file.
#[derive(Clone, Debug)]
pub struct OwnStep {
    /// Its output.
    pub definition: pb::Definition,
    /// The file in it.
    pub file: &'static str,
}

/// Lists the context.
pub fn list_context(image: &OwnImage, context: &pb::Definition) -> Option<OwnStep> {
    let argv = [image.program.as_str(), "list", "/context", "/listed/listing"];
    in_context(image, context, &argv, "listing", "[internal] list the build context")
}

/// Puts the texts of all files of a context into one.
pub fn read_texts(image: &OwnImage, context: &pb::Definition) -> Option<OwnStep> {
    let argv = [image.program.as_str(), "texts", "/context", "/listed/texts"];
    in_context(image, context, &argv, "texts", "[internal] read Python requirements")
}

/// Finds out which of `names` the sources of the context import.
pub fn imports(image: &OwnImage, context: &pb::Definition, names: &BTreeSet<String>) -> Option<OwnStep> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let names = names.join(",");
    let argv = [image.program.as_str(), "imports", "/context", "/listed/imports", &names];
    in_context(image, context, &argv, "imports", "[internal] look for imports in the build context")
}

/// A step with the context at `/context` that writes a file into `/listed`.
fn in_context(
    image: &OwnImage,
    context: &pb::Definition,
    argv: &[&str],
    file: &'static str,
    shown: &str,
) -> Option<OwnStep> {
    let mut graph = Graph::new();
    let root = graph.import(&image.definition).ok()??;
    let context = graph.import(context).ok()??;
    let exec = Exec::new(root, argv.iter().copied())
        .network(NetMode::None)
        .mount(Mount::bind("/context", context).readonly())
        .mount(Mount::scratch("/listed"));
    let output = exec.output_of("/listed")?;
    let edge = graph.add(exec, Metadata::named(shown));
    Some(OwnStep { definition: graph.definition(edge.output(output)), file })
}

/// Asks the interpreter of what `target` is built on for its facts, and looks at the directories that layers are put into. With
/// the step comes what tells that base from others, as in [`super::LookAt`]. `None`: there is nothing below it, or this process
/// does not know its own image.
pub fn probe(
    input: Input<'_>,
    target: &Target,
    place: Span,
    path: &str,
    virtual_env: &str,
) -> Option<(OwnStep, String)> {
    let mut emitter = Emitter::new(input);
    let below = emitter.below(target)?;
    let base = emitter.graph.key(below);
    let directories = look::destinations(input.plan, &input.plan.chain(target)?.base);
    let argv = ["probe", OUT, path, virtual_env].map(str::to_owned).into_iter().chain(directories);
    let platform = emitter.platform_of(target);
    let exec = emitter.on_stage(below, platform, argv).ok()?.network(NetMode::None);
    let output = exec.output_of(OUT)?;
    let name = format!("[internal] find the Python of {}", target.name());
    let metadata = limited(emitter.metadata(name, &[place]), input.settings);
    let edge = emitter.graph.add(exec, metadata);
    let step =
        OwnStep { definition: emitter.graph.definition(edge.output(output)), file: "interpreter.json" };
    Some((step, base))
}

/// What a resolution reads.
#[derive(Clone, Debug)]
pub struct ResolverInput<'a> {
    /// A directory of the context with wheels.
    pub wheels: Option<&'a str>,
    /// The requirement files.
    pub files: &'a pb::Definition,
    /// What the step is to do, JSON.
    pub request: String,
    /// Ids of secrets, with the paths that the step reads them from.
    pub secrets: &'a [(String, String)],
}

/// Has uv resolve requirements on what `target` is built on; `again` whatever it answered before.
pub fn resolve_packages(
    input: Input<'_>,
    target: &Target,
    place: Span,
    files: ResolverInput<'_>,
    again: bool,
) -> Option<OwnStep> {
    let ResolverInput { wheels, files, request, secrets } = files;
    let mut emitter = Emitter::new(input);
    let below = emitter.below(target)?;
    let platform = emitter.platform_of(target);
    let uv = emitter.external_for("uv", "uv", platform.clone(), Span::default())?;
    let files = emitter.graph.import(files).ok()??;
    // A file, because an argument cannot have more than 128 KiB.
    let file = Mkfile { timestamp: Some(FILE_TIME), ..Mkfile::new("/request.json", request) };
    let request =
        emitter.graph.add(File::on(None).mkfile(file), Metadata::named("[internal] what to resolve"));
    let argv = ["resolve", OUT, "/.layerset/request/request.json"].map(str::to_owned);
    let exec = emitter.on_stage(below, platform, argv).ok()?;
    let mut exec = emitter
        .sandboxed(exec, Network::Default)
        .mount(Mount::bind("/.layerset/uv", uv).readonly())
        .mount(Mount::bind("/.layerset/files", files).readonly())
        .mount(Mount::bind("/.layerset/request", request).readonly())
        .mount(emitter.cache("/.layerset/cache", "layerset-uv", CacheSharing::Shared));
    if let Some(wheels) = wheels {
        exec = exec.mount(emitter.wheels_directory(wheels));
    }
    for (id, file) in secrets {
        exec = exec.mount(Mount::secret(file, Secret::new(id)));
    }
    let output = exec.output_of(OUT)?;
    let metadata = emitter.metadata("[internal] resolve Python requirements".into(), &[place]);
    let metadata = limited(metadata, input.settings);
    let metadata = if again { metadata.ignore_cache() } else { metadata };
    let edge = emitter.graph.add(exec, metadata);
    Some(OwnStep { definition: emitter.graph.definition(edge.output(output)), file: "answer.json" })
}

impl Emitter<'_> {
    /// This program with arguments, in a file system that has nothing of ours.
    pub(super) fn on_stage(
        &mut self,
        below: Edge,
        platform: pb::Platform,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Exec, &'static str> {
        let own = self.input.settings.own_image.as_ref().ok_or(NO_OWN_IMAGE)?;
        let image = self.own_root(own)?;
        let program = format!("{OWN}{}", own.program);
        let argv = std::iter::once(program).chain(arguments);
        let exec = Exec::new(below, argv)
            .platform(platform)
            .cwd("/")
            .user("root")
            .mount(Mount::bind(OWN, image).readonly())
            .mount(Mount::scratch(OUT));
        Ok(exec)
    }

    /// The root of the frontend's own image.
    pub(super) fn own_root(&mut self, own: &OwnImage) -> Made {
        let root = self.graph.import(&own.definition).ok().flatten();
        root.ok_or("internal error: the frontend's own image cannot be read")
    }
}

#[cfg(test)]
mod tests {
    use buildkit_llb::{Image, Local};
    use buildkit_proto::pb::op::Op;

    use super::*;

    #[test]
    fn the_step_sees_the_context_and_writes_a_file() {
        let definition = |op: &dyn Fn(&mut Graph) -> Edge| {
            let mut graph = Graph::new();
            let edge = op(&mut graph);
            graph.definition(edge)
        };
        let image =
            definition(&|graph| graph.add(Image::new("docker.io/layerset/frontend:1"), Metadata::default()));
        let context = definition(&|graph| graph.add(Local::new("context"), Metadata::default()));
        let own = OwnImage { definition: image, program: "/layerset".into() };
        let step = list_context(&own, &context).unwrap().definition;
        let ops: Vec<pb::Op> =
            step.def.iter().map(|bytes| prost::Message::decode(&bytes[..]).unwrap()).collect();
        let Some(Op::Exec(exec)) = &ops[ops.len() - 2].op else { panic!("{ops:?}") };
        let mounts: Vec<_> = exec.mounts.iter().map(|m| (m.dest.as_str(), m.readonly, m.output)).collect();
        assert_eq!(mounts, [("/", false, 0), ("/context", true, -1), ("/listed", false, 1)]);
        assert_eq!(ops.last().unwrap().inputs[0].index, 1);
        assert_eq!(exec.meta.as_ref().unwrap().args, ["/layerset", "list", "/context", "/listed/listing"]);
    }
}
