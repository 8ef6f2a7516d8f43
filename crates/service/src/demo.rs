//! `holdfast demo`: the whole product on made-up customers, on one machine, in a minute.
//!
//! | step | module |
//! | --- | --- |
//! | make up the shop, learn from its first days, judge the model | `learn` |
//! | feed the rest into the embedded log or into Kafka, at a chosen speed | `feed` |
//! | run the very pipeline of `holdfast run` on it and show what it sends | `stream`, `engine`, `screen` |
//! | compare with the truth and say where everything is | `ending` |
//!
//! What differs between the presets is in `trade`. Nothing here is a special case of the engine: the demo writes a configuration, starts [`crate::run`] with it and
//! watches.

mod alert;
mod ending;
mod engine;
mod feed;
mod learn;
mod place;
mod screen;
mod speed;
mod stream;
mod trade;

use std::time::Instant;

use crate::cli;
use crate::run::Stop;

pub use speed::Speed;

use place::Place;
use screen::Screen;

/// Shows everything once.
///
/// # Errors
/// When a file cannot be written, a port is taken, or a broker is not there.
pub fn demo(args: &cli::Demo) -> anyhow::Result<()> {
    let began = Instant::now();
    let stop = Stop::new();
    stop.on_signals()?;
    let place = Place::make(args)?;
    let mut screen = Screen::new(args.quiet);
    screen.title(args);
    let shop = learn::make_up(args, &place, &mut screen)?;
    let model = learn::learn(&shop, &place, &mut screen)?;
    let streamed = stream::stream(args, &shop, &place, (&model, &stop), &mut screen)?;
    ending::tell(&streamed, &shop, &place, began.elapsed())
}
