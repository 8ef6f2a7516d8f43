//! The `holdfast` binary; see `holdfast --help`.

use std::process::ExitCode;

/// Serves the C libraries too. librdkafka allocates several times for each record, and frees on another thread.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    holdfast_service::commands::main()
}
