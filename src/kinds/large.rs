//! The certificate of a layered network of any size.

use super::{Certified, Issued};
use crate::certificate::large::File;
use crate::certify::{self, Options};
use crate::error::Error;
use crate::progress::Progress;
use crate::report;
use crate::spec::{self, MOST_PARAMETERS};
use crate::wire;
use crate::wire::json::Json;
use crate::wire::tensor::FileDigest;

/// Tiers P and Q of a case of any size, and its certificate.
///
/// # Errors
/// As [`certify::large::certify`]; [`Error::Unsupported`] if a certificate for Coq is to be made of it.
pub(super) fn certify(
    dense: &spec::Dense,
    json: &Json,
    files: &[FileDigest],
    options: &Options,
    coq: bool,
    progress: &mut dyn Progress,
) -> Result<Certified, Error> {
    if coq {
        let what = format!("a Coq certificate of more than {MOST_PARAMETERS} parameters");
        return Err(Error::unsupported(what));
    }
    let file = |file: &FileDigest| File { name: file.file.clone(), digest: file.sha256.clone() };
    let files: Vec<_> = files.iter().map(file).collect();
    let text = json.canonical();
    let found = certify::large::certify(dense, &text, &files, options, progress)?;
    Ok(Certified {
        conclusion: certify::large::conclusion(&found.table),
        found: report::Found {
            network: report::dense_network(dense),
            parameters: dense.parameters(),
            examples: dense.batch(),
            digest: wire::sha256(text.as_bytes()),
            expect: dense.expect,
            table: found.table,
        },
        name: dense.name.clone(),
        certificate: found.certificate.map(|large| Issued::Large(Box::new(large))),
    })
}
