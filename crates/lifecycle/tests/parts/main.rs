//! Each part against a plain recomputation, and what holds for all of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod carts;
mod channels;
mod contact;
mod every;
mod feedback;
mod memory;
mod orders;
mod rig;
mod service;
mod tastes;
