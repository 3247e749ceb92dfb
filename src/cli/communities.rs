//! `creditcheck communities`

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Outcome;
use super::common::{Common, read_file, write_file};
use super::progress::{Bar, interrupted};
use crate::error::Error;
use crate::report::communities as report;
use crate::simulate::communities::{Data, Images, Key, Plan, Run, Table, page, sentences, sweep};
use crate::spec::Limits;
use crate::suite::digits::{self, Digit, PIXELS};

/// Trains all-to-all networks at several learning rates, and compares their community structure at equal training loss.
#[derive(Args, Debug)]
#[command(after_help = "\
The folder then holds runs.jsonl, one line a run, from which a stopped sweep goes on; and
communities.csv, communities.json and communities.svg. Without --full it is a preview: fewer rates
and seeds, no control, no intervals.

Example:
  creditcheck communities --full --out sweep")]
pub(super) struct Arguments {
    /// All rates, ten seeds, intervals over them, and the control
    #[arg(long)]
    full: bool,
    /// Where the runs and results are written, and from where a stopped sweep goes on
    #[arg(long, value_name = "DIR", default_value = "communities")]
    out: PathBuf,
    /// Runs at the same time; the results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let plan = if arguments.full { Plan::full(common.seed) } else { Plan::preview(common.seed) };
    let folder = Folder::open(&arguments.out, &plan, &common.limits())?;
    let runs = finish(folder, &plan, arguments.threads.into(), common)?;
    let table = Table::of(&plan, &runs)?;
    let sentences = sentences(&plan, &table);
    let document = report::document(&plan, &table, &sentences);
    let write = |name: &str, text: String| write_file(&arguments.out.join(name), text.as_bytes());
    write("communities.csv", table.csv())?;
    write("communities.json", document.pretty())?;
    write("communities.svg", page(&plan, &table, &runs))?;
    common.write(|| report::text(&plan, &table, &sentences), || document.clone())?;
    Ok(Outcome::Agree)
}

/// A folder of runs, open for more of them.
struct Folder {
    runs: Vec<Run>,
    file: fs::File,
    name: String,
}

impl Folder {
    /// Makes the folder, or reads the runs that are already there; half a line at the end is what a killed program left.
    fn open(folder: &Path, plan: &Plan, limits: &Limits) -> Result<Self, Error> {
        let path = folder.join("runs.jsonl");
        let name = path.display().to_string();
        let failed = |what: &str, error: &std::io::Error| Error::Io {
            what: format!("{name}: cannot {what}: {error}"),
        };
        fs::create_dir_all(folder).map_err(|error| Error::Io {
            what: format!("{}: cannot make this folder: {error}", folder.display()),
        })?;
        let header = report::header(plan);
        let mut runs = Vec::new();
        let mut whole = 0;
        if path.exists() {
            let bytes = read_file(&path, limits)?;
            // Up to the last end of a line.
            whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let text = String::from_utf8_lossy(&bytes[..whole]);
            let mut lines = text.split_inclusive('\n');
            if whole > 0 && lines.next() != Some(header.as_str()) {
                return Err(Error::Input {
                    place: name,
                    found: "runs of other settings".into(),
                    expected: "runs of the settings asked for".into(),
                    advice: Some(
                        "give the options it was started with, or another folder with --out DIR"
                            .into(),
                    ),
                });
            }
            for (number, line) in lines.enumerate() {
                let run = report::read_line(line, limits)
                    .map_err(|error| error.in_file(format!("{name}, line {}", number + 2)))?;
                runs.push(run);
            }
        }
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let mut file = file.map_err(|error| failed("open", &error))?;
        file.set_len(whole as u64).map_err(|error| failed("shorten", &error))?;
        if whole == 0 {
            append(&mut file, &header).map_err(|error| failed("write", &error))?;
        }
        Ok(Self { runs, file, name })
    }
}

/// Writes a line whole, and waits until it is on the disk.
fn append(file: &mut fs::File, line: &str) -> std::io::Result<()> {
    file.write_all(line.as_bytes())?;
    file.flush()?;
    file.sync_data()
}

/// Does the runs that are missing.
fn finish(folder: Folder, plan: &Plan, threads: usize, common: &Common) -> Result<Vec<Run>, Error> {
    let Folder { mut runs, mut file, name } = folder;
    let done: Vec<Key> = runs.iter().map(|run| run.key).collect();
    let mut bar = Bar::new(common, plan.keys.len());
    done.iter().for_each(|_| bar.done());
    bar.item("training and measuring");
    let data = data()?;
    let is_done = |key: &Key| done.contains(key);
    let result = sweep(plan, &data, is_done, threads, &interrupted, |run| {
        append(&mut file, &report::line(&run))
            .map_err(|error| Error::Io { what: format!("{name}: cannot write: {error}") })?;
        bar.item(&format!("arm {:?}, η = {}, seed {}", run.key.arm, run.key.rate, run.key.seed));
        bar.done();
        runs.push(run);
        Ok(())
    });
    bar.finish();
    if result == Err(Error::Interrupted) && !common.quiet {
        let (done, all) = (runs.len(), plan.keys.len());
        // Nothing more can be done about a standard error that is closed.
        let _ = writeln!(
            std::io::stderr(),
            "{done} of {all} runs are in {name}; the same command goes on from there"
        );
    }
    result?;
    Ok(runs)
}

/// The digits as floats.
fn data() -> Result<Data, Error> {
    let digits = digits::read()?;
    let images = |digits: &[Digit]| Images {
        pixels: PIXELS,
        rates: digits.iter().flat_map(|d| d.pixels).map(|p| f32::from(p) / 16.0).collect(),
        classes: digits.iter().map(|digit| digit.class).collect(),
    };
    Ok(Data { training: images(&digits.training), held_out: images(&digits.held_out) })
}
