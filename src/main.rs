//! `creditcheck`: see `creditcheck --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    creditcheck::cli::run()
}
