//! All runs of an experiment on a few threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use super::Experiment;
use crate::error::Error;

/// All runs that are not done, each handed on as soon as it is finished; in whatever order, with the same content for any number of
/// threads.
///
/// # Errors
/// [`Error::Interrupted`] after `stop`, [`Error::Io`] if no threads are to be had, and the first error of a run or of `finished`;
/// whatever was handed on before is whole.
pub fn sweep<E: Experiment>(
    experiment: &E,
    is_done: impl Fn(&E::Key) -> bool,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
    mut finished: impl FnMut(E::Run) -> Result<(), Error>,
) -> Result<(), Error> {
    let open: Vec<E::Key> = experiment.keys().into_iter().filter(|key| !is_done(key)).collect();
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
            let (sender, next, open, stop, fail) = (sender.clone(), &next, &open, &stop, &fail);
            scope.spawn(move |_| {
                while let Some(key) = open.get(next.fetch_add(1, Ordering::SeqCst)) {
                    match experiment.run(key, stop) {
                        Ok(run) => {
                            if sender.send(run).is_err() {
                                return;
                            }
                        }
                        Err(error) => return fail(error),
                    }
                }
            });
        }
        drop(sender);
        for run in results {
            if let Err(error) = finished(run) {
                fail(error);
                break;
            }
        }
    });
    failed.into_inner().ok().flatten().map_or(Ok(()), Err)
}
