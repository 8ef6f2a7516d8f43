//! The holdfast binary: wiring, command line, configuration, metrics, reports.

pub mod config;
pub mod generate;
pub mod http;
pub mod logs;
pub mod metrics;
pub mod report;
pub mod study;
