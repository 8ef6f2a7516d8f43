//! The command line as its users and other tools meet it: the built binary, its output, its exit codes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail as the test does"
)]

mod check;
mod counterfactual;
mod demo;
mod facts;
mod faults;
mod flow;
mod forget;
mod generate;
mod help;
mod planted;
mod playbook;
mod products;
mod python;
mod ran;
mod rekey;
mod replay;
mod report;
mod run;
mod snapshot;
mod train;
mod verify;
