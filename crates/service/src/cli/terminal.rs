//! What people see: data goes to stdout, words go to stderr; colour and progress only where a terminal shows them.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Whether stderr may have colour: a terminal, and nobody asked for none (<https://no-color.org>).
pub fn colour() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
    io::stderr().is_terminal() && !unwanted && !dumb
}

/// A line of words to stderr. A closed stderr is nobody's fault.
pub fn say(line: impl fmt::Display) {
    writeln!(io::stderr(), "{line}").ok();
}

/// Data to stdout, as it is.
///
/// # Errors
/// Those of stdout; a closed pipe among them.
pub fn data(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A bar over a known length; hidden unless stderr is a terminal.
pub fn bar(length: u64, what: &str) -> ProgressBar {
    let template = "{msg:<24} {bar:32} {percent:>3} %  {eta} left";
    styled(ProgressBar::new(length), template, what)
}

/// A sign of life while the length is unknown; hidden unless stderr is a terminal.
pub fn spinner(what: &str) -> ProgressBar {
    let spinner = styled(
        ProgressBar::new_spinner(),
        "{spinner} {msg} {elapsed}",
        what,
    );
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

fn styled(bar: ProgressBar, template: &str, what: &str) -> ProgressBar {
    // A template that does not parse would only cost the look.
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("━━ "));
    bar.set_message(what.to_owned());
    bar
}

/// A whole number with thin groups: `1 234 567`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// So many of a thing: `1 snapshot`, `2 snapshots`.
pub fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_not_many() {
        assert_eq!(counted(1, "snapshot"), "1 snapshot");
        assert_eq!(counted(0, "snapshot"), "0 snapshots");
        assert_eq!(counted(1_234, "snapshot"), "1 234 snapshots");
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1 000"),
            (1_234_567, "1 234 567"),
        ] {
            assert_eq!(grouped(n), text);
        }
    }
}
