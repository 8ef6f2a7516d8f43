//! What each command does: arguments in, files and words out.

mod check;
mod explain;
mod files;
mod forget;
mod generate;
mod init;
mod kafka;
mod products;
mod rekey;
mod replay;
mod report;
mod rescale;
mod rules;
mod run;
mod sample;
mod schema;
mod snapshot;
mod study;
mod verify;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap_complete::generate as completions;

use crate::cli::terminal::{colour, say};
use crate::cli::{Cli, Command, command};
use crate::config::{Faults, Layers, Settings};
use crate::pipeline::Contradiction;
use crate::run::RunError;
use crate::{demo, logs, study as studies};

pub(crate) use init::config;
pub use schema::SCHEMAS;

/// Exit code for wrong configuration, a missing model among them (EX_CONFIG).
const CONFIG: u8 = 78;
/// Exit code for a fault of this program (EX_SOFTWARE).
const INTERNAL: u8 = 70;

/// The whole program: reads the arguments, does what they say, prints what went wrong.
pub fn main() -> ExitCode {
    end_on_panic();
    let cli = Cli::of_process();
    match logs::start(cli.log.as_deref(), &cli.command, cli.log_format)
        .and_then(|()| dispatch(cli.command))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!(
                "{}: {error:#}",
                if colour() {
                    "\x1b[31merror\x1b[0m"
                } else {
                    "error"
                }
            ));
            ExitCode::from(exit_code(&error))
        }
    }
}

/// A panic on any thread ends the process: a pipeline that lost a thread must not look alive.
fn end_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        say("this is a fault of holdfast itself; what was not committed will be made again");
        std::process::exit(i32::from(INTERNAL));
    }));
}

fn dispatch(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::Train(args) => study::train(&args),
        Command::Evaluate(args) => study::evaluate(&args),
        Command::Score(args) => study::score(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Report(args) => report::report(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Generate(args) => generate::generate(&args),
        Command::Init(args) => init::init(&args),
        Command::Rules(args) => rules::rules(&args),
        Command::Sample(args) => sample::sample(&args),
        Command::Schema(args) => schema::schema(args.name.as_deref()),
        Command::Completions { shell } => {
            completions(shell, &mut self::command(), "holdfast", &mut io::stdout());
            Ok(())
        }
        Command::Topics(args) => kafka::topics(&args),
        Command::Dlq(args) => kafka::dlq(&args),
        Command::Snapshot(args) => snapshot::snapshot(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Rescale(args) => rescale::rescale(&args),
        Command::Forget(args) => forget::forget(&args),
        Command::Rekey(args) => rekey::rekey(&args),
        Command::Products(args) => products::products(&args),
        Command::Demo(args) => demo::demo(&args),
    }
}

/// The reader of our output went away, as `head` does: not an error worth words.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(io)
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let of = |cause: &(dyn std::error::Error + 'static)| {
        if let Some(error) = cause.downcast_ref::<RunError>() {
            return Some(error.exit_code());
        }
        if let Some(error) = cause.downcast_ref::<studies::Error>() {
            return Some(error.exit_code());
        }
        let config = cause.is::<Faults>()
            || cause.is::<Contradiction>()
            || cause.is::<files::NoModel>()
            || cause.is::<holdfast_playbook::Faults>();
        config.then_some(CONFIG)
    };
    error.chain().find_map(of).unwrap_or(1)
}

/// The settings of a command that may do without a file.
fn settings(file: Option<&Path>) -> Result<Settings, Faults> {
    Ok(Layers::of_process(file).load()?.settings)
}
