//! The frontend is read from its image in every build: 200 KB of its relocations are packed into a few.
#![expect(clippy::disallowed_methods, reason = "this is how cargo tells what it builds for")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
