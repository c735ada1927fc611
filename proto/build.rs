//! Compiles protos/ without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=protos");
    let files = protox::compile(["gateway.proto"], ["protos"])?;
    tonic_prost_build::configure()
        // Map fields go into digested bytes: their order must not differ from run to run.
        .btree_map(".")
        .build_transport(false)
        .build_client(true)
        // The server is for an in-process fake in tests.
        .build_server(cfg!(feature = "server"))
        .include_file("messages.rs")
        .compile_fds(files)?;
    Ok(())
}
