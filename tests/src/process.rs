//! Background processes, known by a pid file that cannot be mistaken.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::run;

/// A pid file holds the process's number and its start time in clock ticks, as `/proc/PID/stat` has them.
///
/// Numbers are used again; a number together with the start time is not.
#[derive(Debug, Clone)]
pub struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// The pid file at this path, which may not be there.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The process, if it is still the one that wrote the file.
    pub fn running(&self) -> Option<u32> {
        let text = fs::read_to_string(&self.path).ok()?;
        let (pid, start) = text.trim().split_once(' ')?;
        let pid: u32 = pid.parse().ok()?;
        (start_time(pid)? == start).then_some(pid)
    }

    /// Stops the process: politely, and after the patience by force. Nothing happens if it is gone.
    pub fn stop(&self, patience: Duration) -> Result<()> {
        if let Some(pid) = self.running() {
            signal("TERM", pid);
            if !self.gone_within(patience) {
                signal("KILL", pid);
                if !self.gone_within(Duration::from_secs(20)) {
                    return Err(Error::new(format!("process {pid} does not go away")));
                }
            }
        }
        // A stale file is as good as none.
        let _ = fs::remove_file(&self.path);
        Ok(())
    }

    fn gone_within(&self, patience: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < patience {
            if self.running().is_none() {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.running().is_none()
    }
}

/// The start time of a process that is neither gone nor a zombie.
fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything, also brackets: fields count from the last one.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

/// Sends a signal by the shell's own `kill`: a small machine has no other.
fn signal(name: &str, pid: u32) {
    run::succeeds(run::command("sh").arg("-c").arg(format!("kill -{name} {pid}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &str) -> PidFile {
        let path = std::env::temp_dir().join(format!("pid-{name}-{}", std::process::id()));
        fs::write(&path, content).unwrap();
        PidFile::new(path)
    }

    #[test]
    fn a_number_with_another_start_time_is_stale() {
        let me = std::process::id();
        let start = start_time(me).unwrap();
        let mine = file("mine", &format!("{me} {start}\n"));
        assert_eq!(mine.running(), Some(me));
        fs::remove_file(&mine.path).unwrap();

        let stale = file("stale", &format!("{me} 1{start}\n"));
        assert_eq!(stale.running(), None);
        stale.stop(Duration::ZERO).unwrap();
        assert!(!stale.path.exists(), "a stale pid file is removed, and nothing is killed");
    }

    #[test]
    fn stop_ends_the_process() {
        let mut child = run::command("sleep").arg("60").spawn().unwrap();
        let start = start_time(child.id()).unwrap();
        let file = file("sleep", &format!("{} {start}\n", child.id()));
        file.stop(Duration::from_secs(5)).unwrap();
        assert!(!child.wait().unwrap().success());
        assert_eq!(file.running(), None);
    }
}
