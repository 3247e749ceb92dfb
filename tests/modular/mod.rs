//! The engines over a prime field against the textbook, exact recurrent networks, and the certificates of large networks.

#[cfg(feature = "cli")]
mod certificate;
mod cyclic;
mod engines;
mod exact;
mod given;
mod gradient;
pub mod identity;
mod lifting;
mod recurrent;
