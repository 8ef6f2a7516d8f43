//! The command line as its users and other tools meet it: the built binary, its output, its exit codes.

mod check;
mod demo;
mod flow;
mod generate;
mod help;
mod ran;
mod run;
