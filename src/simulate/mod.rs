//! What the rule does over time and at scale, in floats with stated parameters; nothing here is part of a certificate.

pub mod communities;
