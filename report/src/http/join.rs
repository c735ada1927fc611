//! Where an answer leads: the header `Location`, which may be any reference. Source: RFC 9110 section 10.2.2, RFC 3986
//! section 5.2. And whether that
//! is another server.

use hyper::Uri;

/// The address that an answer of `from` leads to; nothing if it is none that can be asked.
pub(crate) fn joined(from: &Uri, location: &str) -> Option<Uri> {
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    let location = location.split('#').next().unwrap_or_default();
    let first = location.split(['/', '?']).next().unwrap_or_default();
    // What comes after the path may have addresses of its own, which say nothing of this one.
    let address = if first.contains(':') {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else {
        format!("{scheme}://{authority}{}", below(from, location))
    };
    let uri: Uri = address.parse().ok()?;
    let known = matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some();
    known.then_some(uri)
}

/// The server of an address, with one spelling: capitals make no other host, nor does a port that is understood.
pub(crate) fn server(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    format!("{scheme}://{}:{port}", uri.host().unwrap_or_default().to_ascii_lowercase())
}

/// The path and query of a reference without a host.
fn below(from: &Uri, location: &str) -> String {
    let (path, query) = match location.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (location, None),
    };
    let query = query.or_else(|| from.query().filter(|_| path.is_empty()));
    let path = match path {
        "" => from.path().to_owned(),
        path if path.starts_with('/') => undotted(path),
        path => {
            let (parent, _) = from.path().rsplit_once('/').unwrap_or_default();
            undotted(&format!("{parent}/{path}"))
        }
    };
    query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
}

/// A path from the root without `.` and `..`.
fn undotted(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = path.split('/').skip(1).peekable();
    while let Some(part) = rest.next() {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
        // It is a directory that is named.
        if rest.peek().is_none() && matches!(part, "." | "..") {
            parts.push("");
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_be_written_in_several_ways() {
        for (one, other, same) in [
            ("https://h/a", "https://h:443/b?c", true),
            ("https://Registry.example.com/", "HTTPS://registry.example.com/", true),
            ("http://h:80/", "http://h/", true),
            ("http://[::1]:5000/", "http://[::1]:5000/x", true),
            ("https://h/", "https://h:80/", false),
            ("http://h:443/", "https://h:443/", false),
            ("https://h/", "http://h/", false),
            ("https://h/", "https://h:5000/", false),
            ("https://h/", "https://h.example.com/", false),
            ("https://h/", "https://h@other/", false),
        ] {
            let [first, second] = [one, other].map(|uri| uri.parse::<Uri>().unwrap());
            assert_eq!(server(&first) == server(&second), same, "{one} {other}");
        }
    }

    #[test]
    fn references_are_joined() {
        let from: Uri = "https://a:5000/v2/x/blobs/1?y=z".parse().unwrap();
        for (location, to) in [
            ("https://cdn.example.com/1?sig=a%2Fb", Some("https://cdn.example.com/1?sig=a%2Fb")),
            ("HTTP://cdn.example.com/1#part", Some("http://cdn.example.com/1")),
            ("//b/1", Some("https://b/1")),
            ("/elsewhere?x", Some("https://a:5000/elsewhere?x")),
            ("/store?from=https://x", Some("https://a:5000/store?from=https://x")),
            ("/store//a:b/../c/./", Some("https://a:5000/store//c/")),
            ("relative", Some("https://a:5000/v2/x/blobs/relative")),
            ("../2?at=//x:1", Some("https://a:5000/v2/x/2?at=//x:1")),
            ("../../../../..", Some("https://a:5000/")),
            ("?other", Some("https://a:5000/v2/x/blobs/1?other")),
            ("", Some("https://a:5000/v2/x/blobs/1?y=z")),
            ("ftp://b/1", None),
            ("b:443", None),
            ("mailto:me@b", None),
            ("https://", None),
            ("/a b", None),
        ] {
            assert_eq!(joined(&from, location).map(|uri| uri.to_string()).as_deref(), to, "{location}");
        }
    }
}
