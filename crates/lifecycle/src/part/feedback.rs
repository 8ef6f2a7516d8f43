//! What a customer says, and whether it says anything: surveys, reviews, mentions, mails, slow pages, engagement.
//!
//! | said | kept |
//! | --- | --- |
//! | `survey_response` of kind `nps`, or of none on a scale to ten | last score and the share of the one before |
//! | `survey_response` of another kind (`csat`, `ces`, …) | the same, as satisfaction |
//! | `review` with a score | the same, as stars |
//! | a message of kind or topic `survey`, `nps`, `csat` | since when it waits for an answer |
//! | `mention`, `review`, `support_contact` by mail, with a `sentiment` | days on which it was good or bad |
//! | `page_view` with `load_ms` above [`slow_page_ms`](crate::Settings::slow_page_ms) | the day |
//! | `share`, `publish`, `contest_entry`, `comment`, `watch` | the last day of each |
//!
//! Counts are those of the 30 UTC days up to and with that of the instant, as features have it. A score counts on the
//! scale that it names, else on the usual one: 10, 5 for `csat` and stars, 7 for `ces`. A review without a sentiment is
//! good from seven tenths of its scale on, bad up to five. Free text is never kept.
//!
//! There is no row unless one of these happened. One is 3 bytes beside 10: 12 more for each kind of opinion, 3 for each
//! day with a mark, 4 for each kind of engagement.

use holdfast_events::{Details, EventType};
use serde::{Deserialize, Serialize};

use crate::DAY_MS;
use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::table::{AnyTable, Packed};
use crate::tracker::Seen;

mod marks;
mod opinion;

pub use marks::Signed;
use marks::{Mark, Marks};
use opinion::Said;
pub use opinion::{NpsGroup, Opinion};

/// What a customer says, as of an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Feedback {
    /// The last answer to how likely it is to recommend.
    pub nps: Option<Opinion>,
    /// The last answer to how satisfied it is.
    pub csat: Option<Opinion>,
    /// The last stars of a review.
    pub stars: Option<Opinion>,
    /// Whether it was asked and has not answered in time.
    pub is_silent: bool,
    /// Mentions elsewhere.
    pub mentions: Signed,
    /// Reviews.
    pub reviews: Signed,
    /// Mails of the customer.
    pub mails: Signed,
    /// Pages that took long to load.
    pub slow_pages: u32,
    /// Distinct kinds of engagement: post, share, contest, comment, content read.
    pub breadth: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Row {
    nps: Option<Said>,
    csat: Option<Said>,
    stars: Option<Said>,
    /// The first question that waits for an answer.
    asked: Option<i64>,
    marks: Marks,
    /// By kind of engagement, the last UTC day.
    engaged: Vec<(u8, u16)>,
}

/// The part.
#[derive(Debug, Clone)]
pub struct Opinions {
    rows: Packed<Row>,
}

impl Default for Opinions {
    fn default() -> Self {
        Self {
            rows: Packed::new("feedback"),
        }
    }
}

/// Kinds of engagement, by place.
const ENGAGEMENT: [EventType; 5] = [
    EventType::Publish,
    EventType::Share,
    EventType::ContestEntry,
    EventType::Comment,
    EventType::Watch,
];

fn day_of(at: i64) -> u16 {
    u16::try_from(at.max(0) / DAY_MS).unwrap_or(u16::MAX)
}

fn is_one_of(text: Option<&str>, words: &[&str]) -> bool {
    text.is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
}

/// Whether a word or number is good (true), bad or neither.
fn sentiment(text: &str) -> Option<bool> {
    const GOOD: [&str; 5] = ["positive", "pos", "good", "happy", "satisfied"];
    const BAD: [&str; 6] = ["negative", "neg", "bad", "unhappy", "dissatisfied", "angry"];
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 => Some(true),
        Ok(number) if number < 0.0 => Some(false),
        Ok(_) => None,
        Err(_) if is_one_of(Some(text), &GOOD) => Some(true),
        Err(_) if is_one_of(Some(text), &BAD) => Some(false),
        Err(_) => None,
    }
}

impl Row {
    fn answer(&mut self, at: i64, details: &Details<'_>) {
        let kind = details.kind.as_deref();
        let is_nps = is_one_of(kind, &["nps"])
            || kind.is_none() && details.scale.is_none_or(|scale| scale == 10.0);
        let usual = match kind {
            Some(kind) if kind.eq_ignore_ascii_case("csat") => 5.0,
            Some(kind) if kind.eq_ignore_ascii_case("ces") => 7.0,
            _ => 10.0,
        };
        let place = if is_nps {
            &mut self.nps
        } else {
            &mut self.csat
        };
        Said::hear(place, at, (details.score, details.scale.unwrap_or(usual)));
        if self.asked.is_some_and(|asked| asked <= at) {
            self.asked = None;
        }
    }

    fn judge(&mut self, seen: &Seen<'_>, details: &Details<'_>) {
        let share = details
            .score
            .map(|score| score / details.scale.unwrap_or(5.0));
        let by_score = share.and_then(|share| match share {
            0.7..=1.0 => Some(true),
            0.0..=0.5 => Some(false),
            _ => None,
        });
        let said = details.sentiment.as_deref();
        let is_mail = is_one_of(details.channel.as_deref(), &["email", "e-mail", "mail"]);
        let mark = match seen.kind {
            EventType::Review => {
                let scale = details.scale.unwrap_or(5.0);
                Said::hear(&mut self.stars, seen.ts, (details.score, scale));
                said.map_or(by_score, sentiment).map(Mark::review)
            }
            EventType::Mention => said.and_then(sentiment).map(Mark::mention),
            _ if is_mail => said.and_then(sentiment).map(Mark::mail),
            _ => None,
        };
        if let Some(mark) = mark {
            self.marks.add(day_of(seen.ts), mark);
        }
    }

    fn ask(&mut self, at: i64, details: &Details<'_>) {
        const WORDS: [&str; 3] = ["survey", "nps", "csat"];
        let asks = |field: Option<&str>| is_one_of(field, &WORDS);
        let answered = [self.nps, self.csat]
            .into_iter()
            .flatten()
            .any(|said| said.at >= at);
        if !answered && (asks(details.kind.as_deref()) || asks(details.topic.as_deref())) {
            self.asked = Some(self.asked.map_or(at, |asked| asked.min(at)));
        }
    }

    fn engage(&mut self, kind: u8, day: u16) {
        let place = self.engaged.partition_point(|(known, _)| *known < kind);
        match self
            .engaged
            .get_mut(place)
            .filter(|(known, _)| *known == kind)
        {
            Some((_, last)) => *last = day.max(*last),
            None => self.engaged.insert(place, (kind, day)),
        }
    }
}

impl Part for Opinions {
    fn wants(&self, kind: EventType) -> Want {
        match kind {
            EventType::SurveyResponse
            | EventType::Review
            | EventType::Mention
            | EventType::SupportContact
            | EventType::CampaignSent
            | EventType::OrderMessage => Want::Details,
            EventType::PageView => Want::Fields(&["load_ms"]),
            kind if ENGAGEMENT.contains(&kind) => Want::Event,
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, _: &mut Out<'_>) {
        let kinds = (0..).zip(ENGAGEMENT);
        let engaged = kinds
            .filter(|(_, kind)| *kind == seen.kind)
            .map(|(place, _)| place)
            .next();
        let mut row;
        match (engaged, seen.details) {
            (Some(place), _) => {
                row = self.rows.get(whom.ix);
                row.engage(place, day_of(seen.ts));
            }
            (None, Some(details)) if seen.kind == EventType::PageView => {
                if details
                    .load_ms
                    .is_none_or(|load| load <= whom.settings.slow_page_ms)
                {
                    return;
                }
                row = self.rows.get(whom.ix);
                row.marks.add(day_of(seen.ts), Mark::SlowPage);
            }
            (None, Some(details)) => {
                row = self.rows.get(whom.ix);
                match seen.kind {
                    EventType::SurveyResponse => row.answer(seen.ts, details),
                    EventType::CampaignSent | EventType::OrderMessage => row.ask(seen.ts, details),
                    _ => row.judge(seen, details),
                }
            }
            (None, None) => return,
        }
        self.rows.set(whom.ix, &row);
    }

    fn next(&self, _: &Whom<'_>) -> Option<i64> {
        None
    }

    fn fire(&mut self, _: &Whom<'_>, _: i64, _: &mut Out<'_>) {}

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        let row = self.rows.get(whom.ix);
        let day = day_of(as_of);
        let wait = whom.settings.survey_wait_ms;
        let recent = |(_, last): &&(u8, u16)| marks::is_recent(*last, day);
        profile.feedback = Feedback {
            nps: row.nps.map(Said::opinion),
            csat: row.csat.map(Said::opinion),
            stars: row.stars.map(Said::opinion),
            is_silent: row.asked.is_some_and(|asked| as_of - asked >= wait),
            mentions: row.marks.signed(day, Mark::mention),
            reviews: row.marks.signed(day, Mark::review),
            mails: row.marks.signed(day, Mark::mail),
            slow_pages: row.marks.count(day, Mark::SlowPage),
            breadth: row.engaged.iter().filter(recent).count() as u32,
        };
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.rows]
    }
}
