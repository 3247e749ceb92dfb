//! The simulations: stated tolerances, nothing that enters a certificate.

#[cfg(feature = "cli")]
mod balance;
mod communities;
mod tasks;
mod timescales;
