//! What customers say of the shop, as far as it can be counted. Free text is carried nowhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::act::{Customer, Question, Said};
use crate::cohorts::entry;
use crate::rate::percent;

/// Scores of 9 and more of 10 are promoters, of 7 and more passives; in millionths of the scale.
const PROMOTER: u32 = 900_000;
const PASSIVE: u32 = 700_000;
/// Chosen answers that are told, the most frequent first.
const MOST_CHOICES: usize = 50;

/// Scores in millionths of their scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Scores {
    answers: u64,
    sum: u64,
}

/// Counts of opinions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Feedback {
    promoters: u64,
    passives: u64,
    detractors: u64,
    csat: Scores,
    stars: Scores,
    choices: BTreeMap<String, u64>,
}

/// Whether customers would recommend the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct NpsFigures {
    /// Answers of 9 and 10 of 10, or as high a share of another scale.
    pub promoters: u64,
    /// Answers of 7 and 8.
    pub passives: u64,
    /// Answers of 6 and less.
    pub detractors: u64,
    /// Percent of promoters less percent of detractors, -100 to 100; none without an answer.
    pub score: Option<f64>,
}

/// Other opinions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FeedbackFigures {
    /// How content customers are, on 5.
    pub csat: ScoreFigures,
    /// Stars of reviews, on 5.
    pub stars: ScoreFigures,
    /// Closed answers that were chosen, the most frequent first.
    pub choices: Vec<Choice>,
}

/// The mean of some scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ScoreFigures {
    /// How many answers.
    pub answers: u64,
    /// Their mean on a scale of 5.
    pub mean: Option<f64>,
}

/// A closed answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The answer.
    pub choice: String,
    /// How often it was chosen.
    pub n: u64,
}

impl Feedback {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>) {
        for act in customer.acts {
            let Said::Opinion {
                question,
                share,
                choices: (from, to),
            } = act.said
            else {
                continue;
            };
            let chosen = customer.choices.get(from as usize..to as usize);
            for choice in chosen.unwrap_or_default() {
                *entry(&mut self.choices, choice) += 1;
            }
            if let Some(share) = share {
                self.count(question, share);
            }
        }
    }

    /// One answer, in millionths of its scale.
    pub(crate) fn count(&mut self, question: Question, share: u32) {
        match question {
            Question::Nps if share >= PROMOTER => self.promoters += 1,
            Question::Nps if share >= PASSIVE => self.passives += 1,
            Question::Nps => self.detractors += 1,
            Question::Csat => self.csat.add(share),
            Question::Stars => self.stars.add(share),
            Question::Other => {}
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.promoters += other.promoters;
        self.passives += other.passives;
        self.detractors += other.detractors;
        self.csat.merge(other.csat);
        self.stars.merge(other.stars);
        for (choice, n) in &other.choices {
            *entry(&mut self.choices, choice) += n;
        }
    }

    pub(crate) fn nps(&self) -> NpsFigures {
        let answers = self.promoters + self.passives + self.detractors;
        let shares = percent(self.promoters, answers).zip(percent(self.detractors, answers));
        NpsFigures {
            promoters: self.promoters,
            passives: self.passives,
            detractors: self.detractors,
            score: shares.map(|(promoters, detractors)| promoters - detractors),
        }
    }

    pub(crate) fn figures(&self) -> FeedbackFigures {
        let mut choices: Vec<Choice> = self
            .choices
            .iter()
            .map(|(choice, n)| Choice {
                choice: choice.clone(),
                n: *n,
            })
            .collect();
        choices.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.choice.cmp(&b.choice)));
        choices.truncate(MOST_CHOICES);
        FeedbackFigures {
            csat: self.csat.figures(),
            stars: self.stars.figures(),
            choices,
        }
    }
}

impl Scores {
    fn add(&mut self, share: u32) {
        self.answers += 1;
        self.sum += u64::from(share);
    }

    fn merge(&mut self, other: Self) {
        self.answers += other.answers;
        self.sum += other.sum;
    }

    fn figures(self) -> ScoreFigures {
        // A fifth of the scale is a point.
        let mean = || self.sum as f64 / (self.answers as f64 * 200_000.0);
        ScoreFigures {
            answers: self.answers,
            mean: (self.answers > 0).then(mean),
        }
    }
}
