//! Build contexts that the engine fetches: git repositories, and files and archives behind http(s).
//! Source: moby/buildkit `util/gitutil`, `util/sshutil`, `frontend/dockerfile/dfgitutil` (what is a repository, its
//! query and fragment) and `frontend/dockerui/context.go` (everything else behind http(s) is a file).

/// Something that the engine fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// A commit of a git repository.
    Git(Repository),
    /// A file, by its URL.
    Http(String),
}

/// A commit of a git repository; an empty text is what was not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// URL or `user@host:path`, without query and fragment.
    pub url: String,
    /// Branch, tag or commit.
    pub reference: String,
    /// Directory in the repository, without slashes at its ends.
    pub subdir: String,
    /// The commit that the reference must turn out to be.
    pub checksum: String,
    /// Whether `.git` is kept.
    pub keep_git_dir: bool,
    /// Whether submodules are left out.
    pub skip_submodules: bool,
    /// Whether the checksum's commit is fetched without asking what the reference is by now.
    pub fetch_by_commit: bool,
    /// Times of the files: `checkout` or `commit`.
    pub mtime: String,
}

/// A repository's URL with a query that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {problem}")]
pub struct BadRemote {
    url: String,
    problem: String,
}

/// Reads the source of a context; `None`: it is nothing that an engine fetches.
pub fn parse(text: &str) -> Result<Option<Remote>, BadRemote> {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (url, query) = rest.split_once('?').unwrap_or((rest, ""));
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let git = match scheme.as_deref() {
        // Only the path's end tells a repository from a file.
        Some("http" | "https") if url.rsplit_once('.').is_none_or(|(_, end)| end != "git") => {
            return Ok(Some(Remote::Http(text.to_owned())));
        }
        Some("http" | "https" | "git" | "ssh") => true,
        Some(_) => false,
        None => url.starts_with("github.com/") || is_scp_style(url),
    };
    if !git {
        return Ok(None);
    }
    // Behind `user@host:` nothing is percent-encoded.
    let fragment = if scheme.is_some() { decode(fragment, false) } else { fragment.to_owned() };
    let (reference, subdir) = fragment.split_once(':').unwrap_or((&fragment, ""));
    let mut repository = Repository {
        url: url.to_owned(),
        reference: reference.to_owned(),
        subdir: clean(subdir),
        ..Repository::default()
    };
    let bad = |problem: String| BadRemote { url: shown(url), problem };
    repository.read_query(query).map_err(bad)?;
    Ok(Some(Remote::Git(repository)))
}

/// The URL for people: without the credentials, query and fragment that it may have.
pub fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

impl Repository {
    fn read_query(&mut self, query: &str) -> Result<(), String> {
        let (mut tag, mut branch) = (String::new(), String::new());
        let mut seen = std::collections::BTreeSet::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, value) = (decode(key, true), decode(value, true));
            if !seen.insert(key.clone()) {
                return Err(format!("found {key:?} twice in its query, expected it once"));
            }
            let is_flag = matches!(key.as_str(), "keep-git-dir" | "submodules" | "fetch-by-commit");
            if value.is_empty() && !is_flag {
                return Err(format!("found {key:?} without a value in its query, expected {key}=VALUE"));
            }
            match key.as_str() {
                "ref" => one(&mut self.reference, value, "references")?,
                "tag" => tag = below("refs/tags/", &value),
                "branch" => branch = below("refs/heads/", &value),
                "subdir" => one(&mut self.subdir, clean(&value), "directories")?,
                "checksum" | "commit" => one(&mut self.checksum, value, "commits")?,
                "keep-git-dir" => self.keep_git_dir = flag(&key, &value)?,
                "submodules" => self.skip_submodules = !flag(&key, &value)?,
                "fetch-by-commit" => self.fetch_by_commit = flag(&key, &value)?,
                "mtime" if matches!(value.as_str(), "checkout" | "commit") => self.mtime = value,
                "mtime" => {
                    return Err(format!("found mtime={value} in its query, expected checkout or commit"));
                }
                _ => {
                    return Err(format!(
                        "found {key:?} in its query, expected ref, tag, branch, commit, subdir, submodules, \
                         keep-git-dir, fetch-by-commit or mtime"
                    ));
                }
            }
        }
        for reference in [tag, branch].into_iter().filter(|reference| !reference.is_empty()) {
            one(&mut self.reference, reference, "references")?;
        }
        Ok(())
    }
}

/// Sets what may be said several times but not in several ways.
fn one(known: &mut String, value: String, what: &str) -> Result<(), String> {
    if !known.is_empty() && *known != value {
        return Err(format!("found the {what} {known:?} and {value:?}, expected one"));
    }
    *known = value;
    Ok(())
}

fn below(prefix: &str, name: &str) -> String {
    if name.starts_with(prefix) { name.to_owned() } else { format!("{prefix}{name}") }
}

/// A flag without value is one that is set.
fn flag(key: &str, value: &str) -> Result<bool, String> {
    match value {
        "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("found {key}={value} in its query, expected true or false")),
    }
}

/// `user@host:path`, as git and ssh write it.
fn is_scp_style(url: &str) -> bool {
    let Some((user, rest)) = url.split_once('@') else { return false };
    let Some((host, _)) = rest.split_once(':') else { return false };
    let word = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    word(user, "-_") && word(host, "-.")
}

/// A path without empty, `.` and `..` components, and without a slash at either end.
fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Percent-decoded; in a query `+` is a space too. What is no code stays as it is.
fn decode(text: &str, query: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = match after {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = code {
            bytes.push(high << 4 | low);
            rest = &after[2..];
        } else {
            bytes.push(if query && *first == b'+' { b' ' } else { *first });
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(text: &str) -> Repository {
        match parse(text) {
            Ok(Some(Remote::Git(repository))) => repository,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_is_a_repository() {
        for text in [
            "https://h/r.git",
            "http://h/r.git#v1:sub",
            "HTTPS://h/r.git?ref=v1",
            "git://h/r",
            "ssh://git@h:22/r",
            "git@h:org/r",
            "me@h.example:r.git#main",
            "github.com/org/r",
        ] {
            git(text);
        }
        for text in ["https://h/r.tar.gz", "http://h/x?name=r.git", "https://h/r#x.git"] {
            assert_eq!(parse(text), Ok(Some(Remote::Http(text.to_owned()))));
        }
        for text in ["ftp://h/r.git", "folder", "./a@b:c", "docker-image://a", "local:x", "@h:x", "a b@h:x"] {
            assert_eq!(parse(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn fragments() {
        for (text, reference, subdir) in [
            ("https://h/r.git#v1", "v1", ""),
            ("https://h/r.git#:/a/../b/", "", "b"),
            ("https://h/r.git#feature%2Fx:a%20b", "feature/x", "a b"),
            ("git@h:r#a%2Fb:c", "a%2Fb", "c"),
        ] {
            let found = git(text);
            assert_eq!((found.reference.as_str(), found.subdir.as_str()), (reference, subdir), "{text}");
        }
    }

    #[test]
    fn queries() {
        let found = git(
            "https://h/r.git?tag=v1&subdir=a%2Fb&commit=abc&submodules=false&keep-git-dir&fetch-by-commit=1&mtime=commit",
        );
        let expected = Repository {
            url: "https://h/r.git".into(),
            reference: "refs/tags/v1".into(),
            subdir: "a/b".into(),
            checksum: "abc".into(),
            keep_git_dir: true,
            skip_submodules: true,
            fetch_by_commit: true,
            mtime: "commit".into(),
        };
        assert_eq!(found, expected);
        assert_eq!(git("https://h/r.git?branch=a+b#refs/heads/a b").reference, "refs/heads/a b");
    }

    #[test]
    fn bad_queries_say_what_was_expected() {
        for (query, problem) in [
            ("rev=1", "found \"rev\" in its query, expected ref, tag, branch,"),
            ("ref=a&ref=b", "found \"ref\" twice"),
            ("ref", "found \"ref\" without a value in its query, expected ref=VALUE"),
            ("ref=a&tag=b", "found the references \"a\" and \"refs/tags/b\", expected one"),
            ("tag=a&branch=b", "found the references \"refs/tags/a\" and \"refs/heads/b\", expected one"),
            ("commit=a&checksum=b", "found the commits \"a\" and \"b\", expected one"),
            ("submodules=no", "found submodules=no in its query, expected true or false"),
            ("mtime=now", "found mtime=now in its query, expected checkout or commit"),
        ] {
            let told = parse(&format!("https://me:secret@h/r.git?{query}")).unwrap_err().to_string();
            assert!(told.starts_with(&format!("https://h/r.git: {problem}")), "{told}");
        }
    }

    #[test]
    fn nobody_reads_credentials() {
        assert_eq!(shown("https://me:secret@h:80/a@b/r.git?token=x#v1"), "https://h:80/a@b/r.git");
        assert_eq!(shown("http://h?x"), "http://h");
        assert_eq!(shown("git@h:r"), "git@h:r");
    }
}
