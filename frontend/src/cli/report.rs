//! `layerset report`: what is asked for, and by which limits it is judged.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use layerset_report::{Figures, Limits, Place, Problems, Progress, Request, figures, read};

use super::file::{refuse_present, write_new};
use super::out::tell;
use super::watch::watched;
use super::{Format, platform};
use crate::calls::Answer;
use crate::failure::Failure;
use crate::manifest::size;
use crate::options::surroundings;
use crate::platform::Platform;
use crate::printable::printable;
use crate::report;

/// Tell how well images share: what they store, what of it twice, and what for nothing
///
/// An IMAGE is one of a registry, `registry.example.com/shop/api:1`; one of this machine's engine, `docker://shop/api:1`; or
/// all of an OCI layout or of an archive of `docker save`: a path such as `./images.tar`, or `-` for standard input.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Images of a registry, of this machine's engine (`docker://NAME`), of a path, or of standard input (`-`)
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,
    /// The same, where an IMAGE would belong to the option before it
    #[arg(long, value_name = "IMAGE", num_args = 1..)]
    after: Vec<String>,
    /// Images to compare them with; or one file, NAME.json, that `--format json` has printed for these
    #[arg(long, value_name = "IMAGE", num_args = 1..)]
    before: Vec<String>,
    /// The images that a bake file makes, by their first tags
    #[arg(long, value_name = "FILE")]
    bake: Vec<PathBuf>,
    /// The same for --before
    #[arg(long, value_name = "FILE")]
    before_bake: Vec<PathBuf>,
    /// Names without a place are those of this machine's engine, not of a registry
    #[arg(long)]
    docker: bool,
    /// Which image of an index; by default that of this machine
    #[arg(long, value_name = "OS/ARCH", value_parser = platform)]
    platform: Option<Platform>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
    /// Write the report as a picture: one page for a browser
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write over FILE
    #[arg(long, requires = "html")]
    force: bool,
    #[command(flatten)]
    limits: Limit,
}

/// What ends with 1.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits, which end with 1 where they do not hold")]
struct Limit {
    /// The most bytes of all distinct layers, such as 25GB
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_stored: Option<u64>,
    /// The most bytes of an image
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_image: Option<u64>,
    /// The most bytes that an engine with all images unpacks
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_disk: Option<u64>,
    /// The most bytes of files that more than one layer has, all but the first
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_duplicated: Option<u64>,
    /// The most bytes of files that a higher layer hides
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_wasted: Option<u64>,
    /// The most layers of an image
    #[arg(long, value_name = "NUMBER")]
    max_layers: Option<u64>,
    /// The least part of the images that is shared, such as 80%
    #[arg(long, value_name = "PERCENT", value_parser = part)]
    min_reuse: Option<f64>,
}

fn bytes(text: &str) -> Result<u64, String> {
    let none = text.trim_start_matches('0').is_empty() && !text.is_empty();
    let found = if none { Some(0) } else { size(text) };
    found.ok_or_else(|| format!("found {text:?}, expected a size such as 900MB, 1.5GB or 512MiB"))
}

fn part(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
    let percent = number.ok().filter(|percent| (0.0..=100.0).contains(percent));
    percent
        .map(|percent| percent / 100.0)
        .ok_or_else(|| format!("found {text:?}, expected a part such as 80%"))
}

impl Report {
    pub(super) async fn answer(&self) -> Result<Answer, Failure> {
        // Reading images takes long: what cannot be written is said before.
        if let Some(file) = &self.html {
            refuse_present(file, self.force)?;
        }
        let (printed, before, follow) = self.before();
        let images = self.places(follow.iter().chain(&self.images).chain(&self.after), &self.bake)?;
        if images.is_empty() {
            let text = "found no image, expected for example registry.example.com/shop/api:1, docker://shop/api:1, \
                        ./images.tar, or --bake bake.json";
            return Err(Failure::Request(text.into()));
        }
        let known = printed.map(printed_before).transpose()?;
        let before = self.places(before.iter(), &self.before_bake)?;
        if known.is_some() && !before.is_empty() {
            let text = "found a report for --before and images besides, expected one of the two";
            return Err(Failure::Request(text.into()));
        }
        let compares = !before.is_empty();
        let counted = self.counted(vec![images, before]).await?;
        let mut counted = counted.into_iter();
        let after = counted.next().unwrap_or_default();
        let before = known.or_else(|| counted.next().filter(|_| compares));
        let exceeded = self.limits().exceeded(&after);
        let report = report::Report { figures: after, before, exceeded };
        let mut answer = Answer {
            json: report::json(&report),
            text: report::report(&report),
            status: i32::from(!report.exceeded.is_empty()),
        };
        if let Some(file) = &self.html {
            write_new(file, self.force, &report::report_page(&report))?;
            answer.text = format!("wrote {}\n", file.display());
        }
        tell(&report::told(&report.exceeded));
        Ok(answer)
    }

    /// A report of before; images of before; and images that only seem to be: a report is one file, and what follows it is
    /// none of before's.
    fn before(&self) -> (Option<&Path>, &[String], &[String]) {
        match &self.before[..] {
            [file, follow @ ..] if has_ending(file, "json") => (Some(Path::new(file)), &[], follow),
            images => (None, images, &[]),
        }
    }

    async fn counted(&self, groups: Vec<Vec<Place>>) -> Result<Vec<Figures>, Failure> {
        let own = Platform::new("linux", std::env::consts::ARCH, "");
        let Platform { os, architecture, variant } = self.platform.clone().unwrap_or(own);
        let platform = layerset_report::Platform { os, architecture, variant };
        let request = Request { groups, platform, surroundings: surroundings() };
        let progress = Arc::new(Progress::default());
        let reading = read(&request, &progress, std::io::stdin());
        let contents = watched(&progress, reading).await.map_err(|problems| failure(&problems))?;
        tell(&report::passed_over(&contents.artifacts));
        Ok(contents.groups.iter().map(|images| figures(images, &contents.shelf)).collect())
    }

    fn places<'a>(
        &self,
        written: impl Iterator<Item = &'a String>,
        bakes: &[PathBuf],
    ) -> Result<Vec<Place>, Failure> {
        let mut written: Vec<String> = written.cloned().collect();
        for file in bakes {
            written.extend(baked(file)?);
        }
        let place = |text: &String| match Place::parse(text)? {
            Place::Registry(_) if self.docker && !text.contains("://") => Ok(Place::engine(text)),
            place => Ok(place),
        };
        let (mut places, mut problems) = (Vec::new(), Vec::new());
        for text in &written {
            match place(text) {
                Ok(place) => places.push(place),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(places) } else { Err(failure(&Problems(problems))) }
    }

    fn limits(&self) -> Limits {
        let Limit { max_stored, max_image, max_disk, max_duplicated, max_wasted, max_layers, min_reuse } =
            self.limits;
        Limits {
            stored: max_stored,
            image: max_image,
            disk: max_disk,
            duplicated: max_duplicated,
            wasted: max_wasted,
            layers: max_layers,
            reuse: min_reuse,
        }
    }
}

fn has_ending(text: &str, ending: &str) -> bool {
    Path::new(text).extension().is_some_and(|extension| extension == ending)
}

fn baked(file: &Path) -> Result<Vec<String>, Failure> {
    let json = file_bytes(file)?;
    report::tags(&json).map_err(|found| Failure::Request(format!("{}: {found}", file.display())))
}

fn printed_before(file: &Path) -> Result<Figures, Failure> {
    let json = file_bytes(file)?;
    report::read_figures(&json).map_err(|found| {
        let expected = "expected what \"layerset report --format json\" prints";
        Failure::Request(format!("{}: {found}, {expected}", file.display()))
    })
}

fn file_bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::Request(format!("cannot read {}: {error}", file.display())))
}

/// A mistake among the problems is one the next time too.
fn failure(problems: &Problems) -> Failure {
    let text =
        problems.0.iter().map(|problem| printable(&problem.to_string())).collect::<Vec<_>>().join("\n");
    if problems.may_pass() { Failure::TryAgain(text) } else { Failure::Request(text) }
}

#[cfg(test)]
mod tests {
    use layerset_report::Problem;

    use super::*;

    #[test]
    fn each_problem_is_a_line() {
        let problems = [Problem::mistake("a\u{1b}[2J\nb: no"), Problem::try_again("c: no")];
        let failure = failure(&Problems(problems.to_vec()));
        assert_eq!(failure.to_string(), "a\\u{1b}[2J\\nb: no\nc: no");
    }
}
