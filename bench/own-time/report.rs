//! Many runs as a line.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::generate::Project;
use crate::measure::Run;

/// All runs of one size.
pub(crate) struct Row {
    services: usize,
    packages: usize,
    manifest_bytes: usize,
    runs: usize,
    wall_ms: [f64; 3],
    cpu_ms: [f64; 3],
    peak_kib: u64,
    calls: usize,
    definition_bytes: usize,
    sent_bytes: usize,
}

impl Row {
    pub(crate) fn of(project: &Project, runs: &[Run]) -> Self {
        let last = runs.last().cloned().unwrap_or_default();
        Self {
            services: project.services,
            packages: project.packages.as_ref().map_or(0, |packages| packages.count),
            manifest_bytes: project.manifest.len(),
            runs: runs.len(),
            wall_ms: median_min_max(runs.iter().map(|run| run.wall_ms)),
            cpu_ms: median_min_max(runs.iter().map(|run| run.cpu_ms)),
            peak_kib: runs.iter().map(|run| run.peak_kib).max().unwrap_or_default(),
            calls: last.calls,
            definition_bytes: last.definition_bytes,
            sent_bytes: last.sent_bytes,
        }
    }

    /// Processor time of each service after the first, in microseconds: a row that has more of it
    /// than the one above grows faster than its manifest.
    fn us_per_service(&self, first: &Self) -> Option<f64> {
        if self.packages != first.packages {
            return None;
        }
        let more = u32::try_from(self.services - first.services).ok().filter(|more| *more > 0)?;
        Some((self.cpu_ms[0] - first.cpu_ms[0]) * 1e3 / f64::from(more))
    }
}

fn median_min_max(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    [at(values.len() / 2), at(0), at(values.len().saturating_sub(1))]
}

/// For people.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "services  packages  manifest  wall ms: median    min    max   cpu ms  µs/service  peak MiB  calls  definition     sent\n",
    );
    for row in rows {
        let [wall, least, most] = row.wall_ms;
        let each = row.us_per_service(&rows[0]).map_or_else(|| "-".to_owned(), |each| format!("{each:.1}"));
        let _ = writeln!(
            text,
            "{:>8}  {:>8}  {:>8}  {wall:>15.1} {least:>6.1} {most:>6.1}  {:>7.1}  {each:>10}  {:>8}  {:>5}  {:>10}  {:>7}",
            row.services,
            row.packages,
            kib(row.manifest_bytes),
            row.cpu_ms[0],
            row.peak_kib.div_ceil(1024),
            row.calls,
            kib(row.definition_bytes),
            kib(row.sent_bytes),
        );
    }
    text
}

fn kib(bytes: usize) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

/// For programs.
pub(crate) fn json(rows: &[Row]) -> Value {
    let spread = |[median, min, max]: [f64; 3]| json!({"median": median, "min": min, "max": max});
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "services": row.services,
                "packages": row.packages,
                "manifest_bytes": row.manifest_bytes,
                "runs": row.runs,
                "wall_ms": spread(row.wall_ms),
                "cpu_ms": spread(row.cpu_ms),
                "cpu_us_per_further_service": row.us_per_service(&rows[0]),
                "peak_kib": row.peak_kib,
                "calls": row.calls,
                "definition_bytes": row.definition_bytes,
                "sent_bytes": row.sent_bytes,
            })
        })
        .collect();
    json!({"own_time": rows})
}
