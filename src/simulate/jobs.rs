//! Many independent runs on a few threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use crate::error::Error;

/// Does every job, in their order as far as there are threads, and hands each result on as soon as it is there.
///
/// # Errors
/// [`Error::Interrupted`] if a job gives that after `stop`, [`Error::Io`] if no threads are to be had, and the first error of a job
/// or of `finished`; whatever was handed on before is whole.
pub(super) fn each<J: Sync, R: Send>(
    open: &[J],
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
    run: impl Fn(&J, &dyn Fn() -> bool) -> Result<R, Error> + Sync,
    mut finished: impl FnMut(R) -> Result<(), Error>,
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let gave_up = AtomicBool::new(false);
    let stop = || gave_up.load(Ordering::SeqCst) || stop();
    let fail = |error| {
        gave_up.store(true, Ordering::SeqCst);
        if let Ok(mut failed) = failed.lock() {
            failed.get_or_insert(error);
        }
    };
    let (sender, results) = channel();
    let threads = threads.clamp(1, open.len().max(1));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool =
        pool.map_err(|error| Error::Io { what: format!("cannot start threads: {error}") })?;
    pool.in_place_scope(|scope| {
        for _ in 0..threads {
            let (sender, next, run, stop, fail) = (sender.clone(), &next, &run, &stop, &fail);
            scope.spawn(move |_| {
                while let Some(job) = open.get(next.fetch_add(1, Ordering::SeqCst)) {
                    match run(job, stop) {
                        Ok(result) => {
                            if sender.send(result).is_err() {
                                return;
                            }
                        }
                        Err(error) => return fail(error),
                    }
                }
            });
        }
        drop(sender);
        for result in results {
            if let Err(error) = finished(result) {
                fail(error);
                break;
            }
        }
    });
    failed.into_inner().ok().flatten().map_or(Ok(()), Err)
}
