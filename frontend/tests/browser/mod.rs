//! Pages in a real browser: Chromium, which is installed with apt where it is missing.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Chromium's name, installed first where that is needed: once, whichever test comes first.
fn chromium() -> &'static str {
    static NAME: OnceLock<&str> = OnceLock::new();
    NAME.get_or_init(|| {
        let known = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| works(name));
        known().unwrap_or_else(|| {
            for args in [&["update", "-qq"][..], &["install", "-y", "-qq", "chromium"]] {
                let status = Command::new("apt-get").args(args).status().unwrap();
                assert!(status.success(), "chromium is needed, and apt-get {args:?} failed");
            }
            known().unwrap()
        })
    })
}

fn works(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A page in a folder of its own.
pub(crate) struct Page {
    pub(crate) folder: PathBuf,
    pub(crate) html: String,
}

/// The page's elements after its scripts have run, `script` last.
pub(crate) fn drawn(Page { folder, html: page }: &Page, script: &str) -> String {
    let file = folder.join("drawn.html");
    fs::write(&file, page.replace("</body>", &format!("<script>{script}</script></body>"))).unwrap();
    let output = Command::new(chromium())
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--window-size=1200,900", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("data-drawn=\"yes\""), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    // Scripts and data are there too, but what they have drawn is asked for.
    text.split("<script id=\"data\"").next().unwrap_or_default().to_owned()
}

/// The elements that begin with `start`, up to their ends.
pub(crate) fn tags<'a>(html: &'a str, start: &str) -> Vec<&'a str> {
    html.match_indices(start).map(|(at, _)| html[at..].split('>').next().unwrap()).collect()
}

/// What is between `before` and `after`.
pub(crate) fn between<'a>(html: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = html.split_once(before).unwrap_or_else(|| panic!("no {before} in {html}"));
    rest.split(after).next().unwrap()
}
