//! The holdfast binary: wiring, command line, configuration, metrics, reports.

// For what simulation and tests share.
#[cfg(test)]
extern crate self as holdfast_service;

pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod dlq;
pub mod forget;
pub mod generate;
mod hop;
pub mod http;
pub mod input;
pub mod logs;
pub mod metrics;
pub mod pipeline;
pub mod products;
mod records;
pub mod rekey;
pub mod replay;
pub mod report;
mod reread;
pub mod rescale;
pub mod retention;
pub mod run;
pub mod sample;
pub mod study;
pub mod topics;
pub mod verify;
