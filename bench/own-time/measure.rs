//! One run of the binary.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use prost::Message as _;

use crate::fake::{Call, Fake, Reaction, start};
use crate::generate::Project;

/// What one run took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// From the start of the process to its Return.
    pub(crate) wall_ms: f64,
    /// What the process spent on a processor until then, in the kernel too.
    pub(crate) cpu_ms: f64,
    /// The most memory it had.
    pub(crate) peak_kib: u64,
    /// Calls, Return among them.
    pub(crate) calls: usize,
    /// Size of the image's definition.
    pub(crate) definition_bytes: usize,
    /// Sizes of all definitions that were sent.
    pub(crate) sent_bytes: usize,
}

/// What is known when Return comes in, before it is answered.
struct AtReturn {
    at: Instant,
    cpu_ms: f64,
    peak_kib: u64,
}

/// Builds one service of the project.
pub(crate) async fn run(binary: &Path, project: &Project) -> Result<Run, Box<dyn Error>> {
    // Of every size one that is built on the same stage and copies the same.
    let target = format!("target=service-{}", (project.services - 1) / 15 * 15);
    let options =
        ["filename=layerset.yaml", &target, "local-sessionid:context=shared", "cmdline=layerset/frontend:1"];
    let process: Arc<Mutex<Option<u32>>> = Arc::default();
    let end: Arc<Mutex<Option<AtReturn>>> = Arc::default();
    let mut script = project.script();
    script.react = Box::new({
        let (process, end) = (Arc::clone(&process), Arc::clone(&end));
        move |call| {
            if matches!(call, Call::Return(_)) {
                let process = *process.lock().unwrap_or_else(PoisonError::into_inner);
                let seen = process.and_then(at_return);
                *end.lock().unwrap_or_else(PoisonError::into_inner) = seen;
            }
            Reaction::Answer
        }
    });
    let fake = Fake::new(script);
    let began = Instant::now();
    let (mut child, pipes) = start(binary, &options)?;
    *process.lock().unwrap_or_else(PoisonError::into_inner) = Some(child.id());
    // The end of a process that left without a word; the calls tell whether all went well.
    let _ = fake.serve(pipes).await;
    let status = child.wait()?;
    let calls = fake.calls();
    let Some(Call::Return(returned)) = calls.last() else {
        return Err(format!("no Return, {status}").into());
    };
    if let Some(error) = &returned.error {
        return Err(format!("the build failed: {}", error.message).into());
    }
    let end = end.lock().unwrap_or_else(PoisonError::into_inner).take();
    let end = end.ok_or("/proc does not tell of the process")?;
    let sizes: Vec<usize> =
        calls.iter().map(|call| call.definition().encoded_len()).filter(|size| *size > 0).collect();
    Ok(Run {
        wall_ms: (end.at - began).as_secs_f64() * 1e3,
        cpu_ms: end.cpu_ms,
        peak_kib: end.peak_kib,
        calls: calls.len(),
        definition_bytes: sizes.iter().copied().max().unwrap_or_default(),
        sent_bytes: sizes.iter().sum(),
    })
}

/// Asks the kernel about a process that is waiting for an answer. Its one thread is all it has.
fn at_return(process: u32) -> Option<AtReturn> {
    let at = Instant::now();
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak_kib = peak.trim().trim_end_matches(" kB").parse().ok()?;
    let mut cpu_ms = 0.0;
    for task in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let times = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        let nanoseconds: f64 = times.split(' ').next()?.parse().ok()?;
        cpu_ms += nanoseconds / 1e6;
    }
    Some(AtReturn { at, cpu_ms, peak_kib })
}
