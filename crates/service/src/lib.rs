//! The holdfast binary: wiring, command line, configuration, metrics, reports.

pub mod config;
pub mod report;
pub mod generate;
