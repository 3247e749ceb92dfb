//! The engines over a prime field against the textbook, and the certificates of large networks.

mod certificate;
mod engines;
mod exact;
mod given;
mod identity;
