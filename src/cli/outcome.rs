//! How a command ends.

use std::process::ExitCode;

/// What a command concluded, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// 0
    Agree,
    /// 3
    Unchecked,
    /// 1
    Disagree,
    /// 2; the message is already printed.
    Failed,
}

impl Outcome {
    pub(super) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Agree => 0,
            Self::Disagree => 1,
            Self::Failed => 2,
            Self::Unchecked => 3,
        })
    }
}

impl From<crate::verdict::Conclusion> for Outcome {
    fn from(conclusion: crate::verdict::Conclusion) -> Self {
        match conclusion {
            crate::verdict::Conclusion::Agree => Self::Agree,
            crate::verdict::Conclusion::Unchecked => Self::Unchecked,
            crate::verdict::Conclusion::Disagree => Self::Disagree,
        }
    }
}
