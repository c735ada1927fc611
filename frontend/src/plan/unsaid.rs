//! Working directories that the manifest leaves to a base image. Where a file goes then depends on that
//! image, and with it what is shared with whom: so it must be known whichever target is built, or
//! the same layer would be another one from target to target.

use std::collections::BTreeMap;

use crate::diagnostic::{Span, Spanned};
use crate::manifest::model::{Base, CopyFrom, Manifest, Selection};

/// The images and named contexts whose working directory says where files of any service or stage go,
/// each with a place that names it.
pub fn bases_of_working_dirs(manifest: &Manifest) -> BTreeMap<Base, Span> {
    let services = manifest.services.values().map(|service| {
        (&service.from, service.config.working_dir.is_some(), relative(&service.files, &service.copy))
    });
    let stages = manifest
        .stages
        .values()
        .map(|stage| (&stage.from, stage.working_dir.is_some(), relative(&stage.files, &stage.copy)));
    let unsaid = services.chain(stages).filter(|(_, said, relative)| !said && *relative);
    unsaid.filter_map(|(from, ..)| base_that_says(manifest, from)).collect()
}

fn relative(files: &[Selection], copies: &[CopyFrom]) -> bool {
    let mut targets = files.iter().map(|file| &file.target).chain(copies.iter().map(|copy| &copy.target));
    targets.any(|target| !target.starts_with('/'))
}

/// The base that gives the working directory to what is built `from` it, unless a stage on the way does.
fn base_that_says(manifest: &Manifest, from: &Spanned<Base>) -> Option<(Base, Span)> {
    let mut from = from;
    loop {
        match &from.value {
            Base::Scratch | Base::Download(_) => return None,
            Base::Image(_) | Base::Context(_) | Base::Fixed { .. } => {
                return Some((from.value.clone(), from.span));
            }
            Base::Stage(name) => {
                let stage = manifest.stages.get(name)?;
                if stage.working_dir.is_some() {
                    return None;
                }
                from = &stage.from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Inputs, load};

    #[test]
    fn only_bases_that_say_where_files_go() {
        let text = "stages:\n  said: {from: 'a:1', working_dir: /srv}\n  unsaid: {from: 'b:1'}\n\
             services:\n  one: {from: said, files: [x]}\n  two: {from: unsaid, files: [x]}\n  \
               three: {from: 'c:1', working_dir: /srv, files: [x]}\n  \
               four: {from: 'd:1', files: [{source: x, target: /x}]}\n  five: {from: scratch, files: [x]}\n";
        let loaded = load("layerset.yaml", text.as_bytes(), &Inputs::default());
        let bases = bases_of_working_dirs(&loaded.manifest.unwrap());
        assert_eq!(bases.into_keys().collect::<Vec<_>>(), [Base::Image("b:1".into())]);
    }
}
