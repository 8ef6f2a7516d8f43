//! The processes of a group, and what a supervisor would do for them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::process::Running;
use crate::progress::Offsets;
use crate::shop::Shop;

/// Passes by itself: a supervisor starts it again.
const TEMPORARY: i32 = 75;
const END: Duration = Duration::from_secs(120);

pub(crate) struct Fleet<'a> {
    pub(crate) shop: &'a Shop,
    more: String,
    members: BTreeMap<usize, Running>,
}

impl<'a> Fleet<'a> {
    /// Nobody yet; `more` is added to the configuration of each.
    pub(crate) fn new(shop: &'a Shop, more: &str) -> Self {
        Self {
            shop,
            more: more.to_owned(),
            members: BTreeMap::new(),
        }
    }

    pub(crate) fn start(&mut self, number: usize) {
        let running = self.another(number, &[]);
        self.members.insert(number, running);
    }

    /// A process with the name of a member that may be running already.
    pub(crate) fn another(&self, number: usize, args: &[&str]) -> Running {
        let id = format!("{}-{number}", self.shop.id);
        let env = [("HOLDFAST__KAFKA__INSTANCE_ID", id.as_str())];
        self.shop.start_with(&self.more, args, &env)
    }

    pub(crate) fn numbers(&self) -> Vec<usize> {
        self.members.keys().copied().collect()
    }

    pub(crate) fn member(&self, number: usize) -> &Running {
        &self.members[&number]
    }

    pub(crate) fn kill(&mut self, number: usize) {
        self.members.remove(&number).unwrap().kill();
    }

    /// Asks it to end, and sees that it ends well.
    pub(crate) fn term(&mut self, number: usize) {
        let mut running = self.members.remove(&number).unwrap();
        running.signal("TERM");
        assert_eq!(running.wait(), Some(0), "{}", running.log());
    }

    /// The one that was there before.
    pub(crate) fn replace(&mut self, number: usize, by: Running) -> Running {
        self.members.insert(number, by).unwrap()
    }

    pub(crate) fn has_ended(&mut self, number: usize) -> bool {
        let running = self.members.get_mut(&number).unwrap();
        running.ended().is_some()
    }

    /// Starts again who has ended with the code that asks for it; how many did.
    pub(crate) fn revive(&mut self) -> usize {
        let mut revived = 0;
        for number in self.numbers() {
            let running = self.members.get_mut(&number).unwrap();
            if let Some(code) = running.ended() {
                assert_eq!(code, Some(TEMPORARY), "{}", running.log());
                self.start(number);
                revived += 1;
            }
        }
        revived
    }

    /// Where a started member says that it begins: below this everything has been committed.
    pub(crate) fn floor(&self, number: usize, before: &Offsets) -> Offsets {
        let log = self.members[&number].log();
        let mut floor = before.clone();
        for line in log.lines() {
            if let (Some(partition), Some(committed)) =
                (value(line, "\"partition\":"), value(line, "\"committed\":"))
            {
                let at = floor.entry(i32::try_from(partition).unwrap()).or_default();
                *at = committed.max(*at);
            }
        }
        floor
    }

    /// Everybody ends, then one works off what is left and fires what is due at the end of the input.
    pub(crate) fn finish(mut self) {
        self.revive();
        for number in self.numbers() {
            self.term(number);
        }
        let mut last = self.another(0, &["--until-end"]);
        let began = Instant::now();
        let code = loop {
            if let Some(code) = last.ended() {
                break code;
            }
            assert!(began.elapsed() < END, "no end of the input within {END:?}");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(code, Some(0), "{}", last.log());
    }
}

fn value(line: &str, name: &str) -> Option<i64> {
    let from = line.find(name)? + name.len();
    let digits: String = line[from..]
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}
