//! `unwheel install ROOT PYTHON WHEEL…` installs wheels below ROOT for the interpreter PYTHON;
//! `unwheel probe` prints the facts of the interpreter that PATH and `VIRTUAL_ENV` lead to;
//! `unwheel tags` prints the tags it takes. For measuring and trying out.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use unwheel::{Interpreter, Search, WheelFile, install, probe, supported};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["install", root, python, ref wheels @ ..] => unpack(Path::new(root), python, wheels),
        ["probe"] => facts(&here()).and_then(|facts| {
            println!("{}", serde_json::to_string_pretty(&facts).map_err(|error| error.to_string())?);
            Ok(())
        }),
        ["tags"] => facts(&here()).map(|facts| supported(&facts).iter().for_each(|tag| println!("{tag}"))),
        _ => Err("expected install ROOT PYTHON WHEEL…, probe, or tags".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "a command line")]
fn here() -> Search {
    Search { path: std::env::var("PATH").unwrap_or_default(), virtual_env: std::env::var("VIRTUAL_ENV").ok() }
}

fn facts(search: &Search) -> Result<Interpreter, String> {
    probe(search).map_err(|error| error.to_string())
}

/// PYTHON is `/…/bin/python3`; what is around it is its environment.
fn unpack(root: &Path, python: &str, wheels: &[&str]) -> Result<(), String> {
    let python = std::path::absolute(python).map_err(|error| error.to_string())?;
    let folder = python.parent().map(|folder| folder.display().to_string());
    let facts = facts(&Search { path: folder.unwrap_or_default(), virtual_env: None })?;
    let file = |path: &&str| WheelFile {
        path: PathBuf::from(path),
        filename: Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let wheels: Vec<WheelFile> = wheels.iter().map(file).collect();
    let installed = install(&wheels, &facts.scheme, root)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    for warning in &installed.warnings {
        eprintln!("{warning}");
    }
    let files: u64 = installed.wheels.iter().map(|wheel| wheel.files).sum();
    let bytes: u64 = installed.wheels.iter().map(|wheel| wheel.bytes).sum();
    println!("{} wheels, {files} files, {bytes} bytes", installed.wheels.len());
    Ok(())
}
