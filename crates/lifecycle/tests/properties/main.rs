//! Properties of the tracker and its parts over random histories, and exact vectors of single parts.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

mod activation;
mod contract;
mod contract_cases;
mod contract_terms;
mod rewards;
mod segments;
mod silence;
mod tracker;
mod world;
