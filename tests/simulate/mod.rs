//! The simulations: stated tolerances, nothing that enters a certificate.

mod timescales;
