//! Writing the tree: directories, then the files of all wheels in parallel, times last.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, FileTimes, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::archive::{Archive, broken};
use crate::install::WheelFile;
use crate::layout::{Item, Source};
use crate::opened::Opened;
use crate::problem::{Cause, Problem};
use crate::stream::{self, Wanted, Written};
use crate::tree::Tree;

/// 1980-01-01T00:00:00Z, the earliest time that zip archives know. Seconds since 1970.
const TIME: u64 = 315_532_800;
/// Bytes held by each thread.
const BUFFER: usize = 256 << 10;
/// More threads than this wait for the disk.
const THREADS: usize = 8;
/// Entries a thread takes at once: enough that threads seldom open the same wheel.
const CHUNK: usize = 16;

/// All wheels, for those who write.
pub(crate) struct Wheels<'a> {
    /// As given.
    pub files: &'a [WheelFile],
    /// As read.
    pub opened: &'a [Opened],
    /// What goes where.
    pub layouts: &'a [Vec<Item>],
    /// Whose path is whose.
    pub tree: &'a Tree,
    /// The first line of scripts that ask for the interpreter.
    pub shebang: &'a str,
    /// Where the tree is made.
    pub root: &'a Path,
}

/// One entry to write or only to check.
struct Job {
    wheel: usize,
    item: usize,
    /// Whether its wheel gets the path.
    wins: bool,
    /// Whether others want the path too.
    shared: bool,
}

/// Makes the directories of the tree. Those that are there already must be real ones: a link could lead
/// out of the root.
pub(crate) fn directories(root: &Path, tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for directory in &tree.directories {
        let path = root.join(directory);
        let made = match DirBuilder::new().mode(0o755).create(&path) {
            Ok(()) => fs::set_permissions(&path, Permissions::from_mode(0o755)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => Ok(()),
                Ok(_) => Err(io::Error::other("something that is no directory is there")),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = made {
            let entry = Some(format!("/{directory}"));
            problems.push(Problem { wheel: None, entry, cause: Cause::Write(error.to_string()) });
            // What is below would fail for the same reason.
            break;
        }
    }
    problems
}

/// Writes or checks every entry of every wheel. The result has the place of each, in order.
pub(crate) fn entries(wheels: &Wheels<'_>) -> Vec<((usize, usize), Result<Written, Problem>)> {
    let jobs = jobs(wheels);
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let mut results: BTreeMap<usize, Result<Written, Problem>> = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| work(wheels, &jobs, &next, &stop))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    // An entry without a result is one that was not reached: that is for the problem to say that stopped it.
    let stopped = stop.load(Ordering::Relaxed);
    let result = |(index, job): (usize, &Job)| {
        let lost =
            || Err(Problem { wheel: None, entry: None, cause: Cause::Write("a thread ended".to_owned()) });
        let result = results.remove(&index).or_else(|| (!stopped).then(lost))?;
        Some(((job.wheel, job.item), result))
    };
    jobs.iter().enumerate().filter_map(result).collect()
}

fn jobs(wheels: &Wheels<'_>) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (wheel, items) in wheels.layouts.iter().enumerate() {
        for (item, found) in items.iter().enumerate() {
            if matches!(found.source, Source::Entry { .. }) {
                let owners = wheels.tree.owners.get(&found.path).map_or(&[][..], Vec::as_slice);
                let wins = owners.last() == Some(&(wheel, item));
                jobs.push(Job { wheel, item, wins, shared: owners.len() > 1 });
            }
        }
    }
    jobs
}

/// One thread: takes the next entries until there are none or the disk refuses.
fn work(
    wheels: &Wheels<'_>,
    jobs: &[Job],
    next: &AtomicUsize,
    stop: &AtomicBool,
) -> Vec<(usize, Result<Written, Problem>)> {
    let mut buffer = vec![0; BUFFER];
    let mut open: Option<(usize, Archive)> = None;
    let mut results = Vec::new();
    loop {
        let start = next.fetch_add(CHUNK, Ordering::Relaxed);
        if start >= jobs.len() || stop.load(Ordering::Relaxed) {
            return results;
        }
        for (index, job) in jobs.iter().enumerate().skip(start).take(CHUNK) {
            let done = one(wheels, job, &mut open, &mut buffer);
            if let Err(problem) = &done
                && matches!(problem.cause, Cause::Write(_))
            {
                stop.store(true, Ordering::Relaxed);
            }
            results.push((index, done));
        }
    }
}

fn one(
    wheels: &Wheels<'_>,
    job: &Job,
    open: &mut Option<(usize, Archive)>,
    buffer: &mut [u8],
) -> Result<Written, Problem> {
    let file = &wheels.files[job.wheel];
    let item = &wheels.layouts[job.wheel][job.item];
    let Source::Entry { index, script } = item.source else { return Ok(Written::default()) };
    let entry = &wheels.opened[job.wheel].entries[index];
    let fault = |cause| Problem::of_entry(&file.filename, &entry.name, cause);
    let archive = match open.take() {
        Some((wheel, archive)) if wheel == job.wheel => archive,
        _ => Archive::open(&file.path).map_err(fault)?,
    };
    let (_, archive) = open.insert((job.wheel, archive));
    let bytes = archive.read(entry).map_err(|error| fault(broken(&error)))?;
    let wanted = Wanted {
        expected: wheels.opened[job.wheel].expected[index].as_ref(),
        shebang: script.then_some(wheels.shebang),
        sha256: job.shared,
    };
    if !job.wins {
        return stream::copy(bytes, None, &wanted, buffer).map_err(fault);
    }
    let failed = |error: io::Error| fault(Cause::Write(error.to_string()));
    let mut to = create(&wheels.root.join(&item.path)).map_err(failed)?;
    let written = stream::copy(bytes, Some(&mut to), &wanted, buffer).map_err(fault)?;
    finish(&to, item.executable).map_err(failed)?;
    Ok(written)
}

/// Writes a file that we made.
pub(crate) fn made(path: &Path, bytes: &[u8], executable: bool) -> io::Result<()> {
    let mut to = create(path)?;
    to.write_all(bytes)?;
    finish(&to, executable)
}

/// A new file: never one that is there, never through a link.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)
}

fn finish(file: &File, executable: bool) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(if executable { 0o755 } else { 0o644 }))?;
    file.set_times(times())
}

fn times() -> FileTimes {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(TIME);
    FileTimes::new().set_accessed(time).set_modified(time)
}

/// Gives all directories, and the root, their time; making files in them has changed it.
pub(crate) fn directory_times(root: &Path, tree: &Tree) -> Result<(), (PathBuf, io::Error)> {
    let below = tree.directories.iter().map(|directory| root.join(directory));
    for path in below.chain([root.to_owned()]) {
        File::open(&path).and_then(|file| file.set_times(times())).map_err(|error| (path, error))?;
    }
    Ok(())
}
