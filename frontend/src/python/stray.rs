//! Requirement files beside those that services name, which nobody names.

use std::collections::BTreeSet;

use layerset_lock::Inputs;

use super::Asked;
use crate::diagnostic::{Diagnostic, Span};

/// Words in names of files that are for those who write the program, not for images.
const FOR_PEOPLE: [&str; 9] =
    ["dev", "develop", "development", "doc", "docs", "lint", "local", "test", "tests"];

/// The directories with requirement files that are named.
pub fn directories(asked: &Asked) -> BTreeSet<String> {
    let ids = asked.values().flatten().map(|(id, _)| id).filter(|id| !id.is_pyproject());
    ids.map(|id| directory(&id.path).to_owned()).collect()
}

/// A warning for each of `files` that looks like a requirement file and is used by none.
pub fn unused_requirements(asked: &Asked, inputs: &Inputs, files: &BTreeSet<String>) -> Vec<Diagnostic> {
    let stray = files.iter().filter(|file| !inputs.files.contains_key(*file) && is_requirements(file));
    stray
        .map(|file| {
            let message = format!("nobody uses {file}, which lies beside a requirement file that is used");
            Diagnostic::warning("unused-requirements", beside(asked, file), message)
                .hint("name it in the \"requirements\" of a service, include it with -r, or remove it")
        })
        .collect()
}

/// By its name, or by that of its directory; what is in it is not looked at.
fn is_requirements(path: &str) -> bool {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let says = |text: &str| text.contains("require") || text.contains("reqs");
    let parent = above.rsplit('/').next().unwrap_or_default();
    let words = name.trim_end_matches(".txt").split(|c: char| !c.is_ascii_alphanumeric());
    let for_people = words.map(str::to_ascii_lowercase).any(|word| FOR_PEOPLE.contains(&word.as_str()));
    (says(name) || says(parent)) && !for_people
}

/// Where the manifest names the first file of the same directory.
fn beside(asked: &Asked, file: &str) -> Span {
    let entries = asked.values().flatten().filter(|(id, _)| directory(&id.path) == directory(file));
    entries.map(|(_, span)| *span).min().unwrap_or_default()
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use layerset_lock::InputId;

    use super::*;

    #[test]
    fn only_what_looks_like_one_and_is_used_by_none() {
        let (web, base) = (InputId::file("requirements/web.txt"), "requirements/base.txt");
        let span = Span::new(7, 3);
        let asked: Asked = BTreeMap::from([
            ("service api".into(), vec![(InputId::file("api/requirements.txt"), Span::new(20, 1))]),
            ("service web".into(), vec![(web, span)]),
        ]);
        let ids: Vec<InputId> = asked.values().flatten().map(|(id, _)| id.clone()).collect();
        let text =
            |path: &str| if path.ends_with("web.txt") { "-r base.txt" } else { "x" }.as_bytes().to_vec();
        let inputs = Inputs::read(&ids, |path| Ok::<_, ()>(Some(text(path)))).unwrap();
        assert_eq!(directories(&asked).into_iter().collect::<Vec<_>>(), ["api", "requirements"]);
        let files = [
            base,
            "requirements/web.txt",
            "requirements/old.txt",
            "requirements/dev.txt",
            "requirements/web-test.txt",
            "api/requirements.txt",
            "api/requirements-gpu.txt",
            "api/robots.txt",
        ];
        let files = files.iter().map(|&file| file.to_owned()).collect();
        let found = unused_requirements(&asked, &inputs, &files);
        let said: Vec<_> = found.iter().map(|one| (one.span.start, one.message.as_str())).collect();
        let message =
            |file: &str| format!("nobody uses {file}, which lies beside a requirement file that is used");
        let (gpu, old) = (message("api/requirements-gpu.txt"), message("requirements/old.txt"));
        assert_eq!(said, [(20, gpu.as_str()), (7, old.as_str())]);
    }
}
