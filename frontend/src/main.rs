//! One binary: a frontend when an engine starts it, a command line otherwise.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let code = runtime.block_on(async {
        if layerset::options::is_frontend() {
            layerset::panic::install_hook();
            let options = layerset::options::from_environment().map_err(|error| error.to_string());
            layerset::frontend::run(options).await
        } else {
            layerset::cli::run().await
        }
    });
    // The engine waits for this process after Return: no orderly shutdown of what is left.
    runtime.shutdown_background();
    code
}
