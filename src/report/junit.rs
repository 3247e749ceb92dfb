//! JUnit XML, the form in which continuous integration reads what a test runner found.
//!
//! ```text
//! testsuites ─ testsuite, one a file ─ testcase, one a cell, block or equation ─ failure | skipped | error
//! ```
//!
//! A check that holds is a bare `testcase`; one that fails has a `failure`; what was not checked, or has no meaning for the case, is
//! `skipped` with the reason; where there is no result there is an `error`. No times: the same input gives the same bytes.

use std::fmt::Write;

use crate::foreign::is_shapeless;

/// What came of a test case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The check holds; what is said of it may be empty.
    Passed(String),
    /// The check fails.
    Failed {
        /// In a line.
        message: String,
        /// What else there is to say; may be empty.
        detail: String,
    },
    /// Nothing was checked, and why.
    Skipped(String),
    /// There is no result.
    Error {
        /// The kind of the error.
        kind: String,
        /// In a line.
        message: String,
        /// What else there is to say; may be empty.
        detail: String,
    },
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    class: String,
    name: String,
    state: State,
}

impl Case {
    /// A check of a class: what was checked, such as a file, and which check it was.
    #[must_use]
    pub fn new(class: impl Into<String>, name: impl Into<String>, state: State) -> Self {
        Self { class: class.into(), name: name.into(), state }
    }

    /// What came of it.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }
}

/// The checks of one file, and what they amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    name: String,
    verdict: String,
    cases: Vec<Case>,
}

impl Suite {
    /// A suite with its verdict, which stands in a property.
    #[must_use]
    pub fn new(name: impl Into<String>, verdict: impl Into<String>, cases: Vec<Case>) -> Self {
        Self { name: name.into(), verdict: verdict.into(), cases }
    }

    fn count(&self, is_counted: fn(&State) -> bool) -> usize {
        self.cases.iter().filter(|case| is_counted(&case.state)).count()
    }

    /// Tests, failures, errors and skipped.
    fn counts(&self) -> [usize; 4] {
        [
            self.cases.len(),
            self.count(|state| matches!(state, State::Failed { .. })),
            self.count(|state| matches!(state, State::Error { .. })),
            self.count(|state| matches!(state, State::Skipped(_))),
        ]
    }
}

/// The document.
#[must_use]
pub fn document(name: &str, suites: &[Suite]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let add = |sum: [usize; 4], suite: &Suite| {
        let counts = suite.counts();
        std::array::from_fn(|k| sum[k] + counts[k])
    };
    let counts = counted(suites.iter().fold([0; 4], add));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "<testsuites name=\"{}\" {counts}>", escaped(name));
    for suite in suites {
        let (name, counts) = (escaped(&suite.name), counted(suite.counts()));
        let _ = writeln!(text, "  <testsuite name=\"{name}\" {counts}>");
        let verdict = escaped(&suite.verdict);
        let _ = writeln!(
            text,
            "    <properties>\n      <property name=\"verdict\" value=\"{verdict}\"/>\n    </properties>"
        );
        suite.cases.iter().for_each(|case| text.push_str(&test_case(case)));
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn counted([tests, failures, errors, skipped]: [usize; 4]) -> String {
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

fn test_case(case: &Case) -> String {
    let open = format!(
        "    <testcase classname=\"{}\" name=\"{}\"",
        escaped(&case.class),
        escaped(&case.name)
    );
    let inner = match &case.state {
        State::Passed(said) if said.is_empty() => return format!("{open}/>\n"),
        State::Passed(said) => format!("<system-out>{}</system-out>", escaped(said)),
        State::Skipped(why) => format!("<skipped message=\"{}\"/>", escaped(why)),
        State::Failed { message, detail } => element("failure", "disagree", message, detail),
        State::Error { kind, message, detail } => element("error", kind, message, detail),
    };
    format!("{open}>\n      {inner}\n    </testcase>\n")
}

fn element(name: &str, kind: &str, message: &str, detail: &str) -> String {
    let (kind, message, detail) = (escaped(kind), escaped(message), escaped(detail));
    format!("<{name} type=\"{kind}\" message=\"{message}\">{detail}</{name}>")
}

/// Text that may stand in an element and in an attribute: what XML reads as markup as entities, an end of line and a tab as
/// references (an attribute would lose them), and characters that XML 1.0 does not have, or that would change how a terminal
/// shows the others, as `\u{1b}`.
fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => line.push_str("&amp;"),
            '<' => line.push_str("&lt;"),
            '>' => line.push_str("&gt;"),
            '"' => line.push_str("&quot;"),
            '\'' => line.push_str("&apos;"),
            '\n' | '\t' => {
                let _ = write!(line, "&#{};", u32::from(c));
            }
            _ if is_shapeless(c) => {
                let _ = write!(line, "\\u{{{:x}}}", u32::from(c));
            }
            _ => line.push(c),
        }
    }
    line
}
