//! The lock of packages that the manifest names.

use layerset_lock::{Format, Lock, Problem};

use super::Checked;
use super::packages::MADE;
use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::outside::Outside;
use crate::python::{self, Asked, Read};

impl Checked {
    /// What requirement files say and the lock that the manifest names.
    pub(super) async fn read_packages(
        &self,
        outside: &impl Outside,
        asked: &Asked,
    ) -> Result<(Read, Option<Lock>), Failure> {
        let path = self.manifest.python.lock.as_ref().map(|path| path.value.as_str());
        let read = python::read(outside, asked, path).await?;
        let mut read = read.map_err(|problems| self.wrong(asked, &problems))?;
        let lock = self.committed_lock(asked, &read)?;
        if lock.as_ref().is_some_and(|lock| lock.format == Format::UvLock) {
            read.inputs.elsewhere.clear();
        }
        Ok((read, lock))
    }

    /// The lock, as it was read; refused if its inputs have changed since it was made.
    fn committed_lock(&self, asked: &Asked, read: &Read) -> Result<Option<Lock>, Failure> {
        let Some(path) = &self.manifest.python.lock else { return Ok(None) };
        let bytes = read.lock.as_ref().ok_or_else(|| {
            let message = format!("no {:?} in the build context", path.value);
            let hint = if self.locks_packages() {
                format!("make it: {}", self.lock_command(&path.value))
            } else {
                self.made_elsewhere()
            };
            Failure::at(&self.source, Diagnostic::error("missing-path", path.span, message).hint(hint))
        })?;
        let lock = Lock::read(&path.value, bytes).map_err(|problems| self.wrong(asked, &problems))?;
        let stale: Vec<Problem> = lock
            .stale(&read.inputs)
            .iter()
            .filter(|stale| stale.is_error())
            .map(layerset_lock::Stale::problem)
            .map(|problem| if self.locks_packages() { problem } else { problem.hint(self.made_elsewhere()) })
            .collect();
        if stale.is_empty() { Ok(Some(lock)) } else { Err(self.wrong(asked, &stale)) }
    }

    /// What to do about a lock of packages that is not the manifest's `lock`: that alone is made here.
    fn made_elsewhere(&self) -> String {
        let own = self.manifest.lock.as_ref().map(|path| path.value.as_str()).unwrap_or_default();
        format!(
            "{own:?} is made here, for images alone; make the other with its own tool (uv lock), or name one file as \
             \"lock\" and as python's \"lock\""
        )
    }

    /// A warning that there is none.
    pub(super) fn unlocked(&self, asked: &Asked) -> Diagnostic {
        let first = asked.values().flatten().map(|(_, span)| *span).min().unwrap_or_default();
        let message = "the packages are not locked: what is installed depends on when it was first built";
        Diagnostic::warning("unlocked", first, message)
            .hint(format!("lock them, and say python: {{lock: {MADE}}}: {}", self.lock_command(MADE)))
    }

    /// The command that makes the lock at a path of the context.
    pub(super) fn lock_command(&self, lock: &str) -> String {
        lock_command(&self.source.name, &self.given.context, lock)
    }

    /// The command that has an engine print the lock.
    pub fn call_lock(&self) -> String {
        call_lock(&self.source.name, &self.given.context)
    }
}

/// The command that makes a lock, also again: a shell empties the file that it writes to first, and the versions in the lock
/// there is are to be kept.
fn lock_command(manifest: &str, context: &str, lock: &str) -> String {
    let lock =
        if context == "." { lock.to_owned() } else { format!("{}/{lock}", context.trim_end_matches('/')) };
    let (lock, new) = (word(&lock), word(&format!("{lock}.new")));
    format!("{} > {new} && mv {new} {lock}", call_lock(manifest, context))
}

fn call_lock(manifest: &str, context: &str) -> String {
    format!("docker buildx build -f {} --call=lock {}", word(manifest), word(context))
}

/// Commands are there to be pasted, and the names are somebody's: a shell reads each as one word.
fn word(name: &str) -> String {
    shlex::try_quote(name).unwrap_or("FILE".into()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::lock_command;

    #[test]
    fn names_are_words_and_no_commands() {
        let plain =
            "docker buildx build -f a/layerset.yaml --call=lock . > b/c.toml.new && mv b/c.toml.new b/c.toml";
        assert_eq!(lock_command("a/layerset.yaml", ".", "b/c.toml"), plain);
        let up =
            "docker buildx build -f ../x.yaml --call=lock .. > ../c.toml.new && mv ../c.toml.new ../c.toml";
        assert_eq!(lock_command("../x.yaml", "..", "c.toml"), up);
        let words = shlex::split(&lock_command("my file.yaml", ".", "x; rm -rf $HOME '")).unwrap();
        assert_eq!(words[4], "my file.yaml");
        assert_eq!(words[words.len() - 2..], ["x; rm -rf $HOME '.new", "x; rm -rf $HOME '"]);
    }
}
