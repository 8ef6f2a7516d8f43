//! What the rule table and the catalogue say of a customer.

use std::sync::Arc;

use holdfast_features::{FeatureId, Ix, Plan, Store, feature};
use holdfast_lifecycle::part::feedback::NpsGroup;
use holdfast_lifecycle::{Profile, Segment, Tier};
use holdfast_model::Explanation;
use holdfast_playbook::{
    Catalogue, Choice, Fact, Facts, KINDS, Playbook, Situation, Suggestion, Tastes,
};

use crate::DAY_MS;
use crate::settings::Settings;

/// Use of late, and use until then: what [`Fact::LowUse`] compares.
const USES: [&str; 2] = ["uses_30d", "uses_90d"];

/// Who is asked about.
pub(super) struct Asked<'a> {
    pub(super) store: &'a Store,
    pub(super) ix: Ix,
    /// Why, in the words of rule tables.
    pub(super) kind: &'static str,
    /// ms UTC.
    pub(super) as_of: i64,
    /// The score; none where it is not to be asked for, and then nor are features.
    pub(super) explanation: Option<&'a Explanation>,
    pub(super) if_stays: Option<f64>,
    /// Minor units in a major one.
    pub(super) major: f64,
}

/// A rule table with the features that its rules ask for, and a catalogue.
#[derive(Debug)]
pub(super) struct Adviser {
    playbook: Option<Arc<Playbook>>,
    catalogue: Option<Arc<Catalogue>>,
    /// Those of [`USES`], where some rule asks for them.
    uses: Vec<FeatureId>,
    ids: Vec<FeatureId>,
    plan: Plan,
    /// Kinds that rules name, and whether one of these rules asks for the customer's standing.
    kinds: Vec<(&'static str, bool)>,
}

impl Adviser {
    /// None where there is neither a table nor a catalogue.
    pub(super) fn new(settings: &Settings) -> Option<Self> {
        let (playbook, catalogue) = (settings.playbook.clone(), settings.catalogue.clone());
        if playbook.is_none() && catalogue.is_none() {
            return None;
        }
        let (mut ids, mut uses) = (Vec::new(), Vec::new());
        if let Some(playbook) = &playbook {
            ids.extend_from_slice(playbook.features());
            if playbook.asks(Fact::LowUse) {
                uses.extend(USES.into_iter().filter_map(feature));
                ids.extend_from_slice(&uses);
            }
        }
        let plan = Plan::new(&ids);
        let named = playbook.iter().flat_map(|playbook| {
            let named = KINDS.into_iter().filter(|kind| playbook.names(kind));
            named.map(|kind| (kind, playbook.asks_of_customer(kind)))
        });
        Some(Self {
            kinds: named.collect(),
            playbook,
            catalogue,
            uses,
            ids,
            plan,
        })
    }

    /// Features that the state does not hold are not known, and no rule that asks for one holds.
    fn features(&self, asked: &Asked<'_>) -> Vec<(FeatureId, f64)> {
        let store = asked.store;
        if asked.explanation.is_none() {
            return Vec::new();
        }
        if self.plan.needs_stats() && store.settings().stats.is_none() {
            return Vec::new();
        }
        let mut values = vec![0.0; self.ids.len()];
        store.features(asked.ix, asked.as_of, &self.plan, &mut values);
        self.ids.iter().copied().zip(values).collect()
    }

    /// Of a kind of notice that some rule is for, whether one asks for the customer's standing.
    pub(super) fn asked_of(&self, kind: &str) -> Option<bool> {
        let mut kinds = self.kinds.iter();
        Some(kinds.find(|(known, _)| *known == kind)?.1)
    }

    /// What to do; none where there is no rule table.
    pub(super) fn choose(&self, profile: &Profile, asked: &Asked<'_>) -> Option<Choice> {
        let playbook = self.playbook.as_ref()?;
        let contributions = asked.explanation.map(|known| &known.contributions);
        let raising = contributions.into_iter().flatten();
        let raising: Vec<_> = raising.filter(|one| one.contribution > 0.0).collect();
        let mut reasons: Vec<&str> = raising.iter().map(|one| one.theme.name()).collect();
        let parts = raising.iter().flat_map(|one| &one.parts);
        reasons.extend(
            parts
                .filter(|part| part.contribution > 0.0)
                .map(|part| part.feature),
        );
        let features = self.features(asked);
        Some(playbook.choose(&Situation {
            kind: asked.kind,
            as_of: asked.as_of,
            probability: asked.explanation.map(|known| known.probability),
            value: asked.if_stays,
            segment: profile.segment.map(Segment::name),
            value_tier: Some(match profile.tier {
                Tier::Top => "top",
                Tier::Base => "base",
            }),
            theme: raising.first().map(|one| one.theme.name()),
            reasons: &reasons,
            features: &features,
            facts: &self.facts(playbook, profile, asked, &features),
        }))
    }

    /// What a customer is worth over the horizon where the model does not say, major units.
    pub(super) fn worth(&self) -> Option<f64> {
        self.playbook.as_ref()?.worth()
    }

    /// By how much the customer counts beyond its own value.
    pub(super) fn network(&self, profile: &Profile) -> f64 {
        let playbook = self.playbook.as_ref();
        playbook.map_or(1.0, |playbook| playbook.network(profile.tastes.referrals))
    }

    /// What the customer may like; none where there is no catalogue.
    pub(super) fn suggest(&self, profile: &Profile) -> Option<Vec<Suggestion>> {
        Some(self.catalogue.as_ref()?.suggest(tastes(profile)))
    }

    /// What rules may ask of the standing.
    fn facts(
        &self,
        playbook: &Playbook,
        profile: &Profile,
        asked: &Asked<'_>,
        features: &[(FeatureId, f64)],
    ) -> Facts {
        let as_of = asked.as_of;
        let days = |at: i64| (at - as_of) as f64 / DAY_MS as f64;
        // 0 on the day itself, which has begun.
        let until = |at: i64| days(at).max(0.0);
        let (contract, said) = (&profile.contract, &profile.feedback);
        let app_version = profile.tastes.app_version.as_deref();
        let mut facts = Facts {
            open_tickets: Some(f64::from(profile.service.open_tickets)),
            unresolved_days: profile
                .service
                .oldest_unresolved_ms
                .map(|ms| ms as f64 / DAY_MS as f64),
            slow_reply: Some(profile.service.slow_reply),
            late_delivery: profile.orders.last_late_days,
            returns: Some(f64::from(profile.orders.returns)),
            orders: Some(f64::from(asked.store.purchases(asked.ix))),
            birthday_in_days: profile.rewards.next_birthday_at.map(until),
            anniversary_in_days: profile.rewards.next_anniversary_at.map(until),
            special_day_in_days: playbook.days_until_special_day(as_of, &profile.contact.zone),
            points: profile.rewards.points_balance,
            // The cart that was left is what the notice of it is about.
            cart_open_value: match asked.kind {
                "cart_abandoned" => profile.cart_left_value,
                _ => profile.cart_open_value,
            }
            .map(|minor| minor as f64 / asked.major),
            renewal_in_days: contract.renewal_at.map(days),
            trial: Some(contract.in_trial),
            has_subscription: Some(contract.subscriptions > 0),
            low_use: self.low_use(features),
            reviewed: reviewed(profile, asked),
            tickets_per_order: profile.service.tickets_per_order,
            orders_without_message: Some(f64::from(profile.orders.without_follow_up)),
            bad_mentions: Some(f64::from(said.mentions.bad + said.reviews.bad)),
            bad_mails: Some(f64::from(said.mails.bad)),
            slow_pages: Some(f64::from(said.slow_pages)),
            engagement_kinds: Some(f64::from(said.breadth)),
            detractor: said
                .nps
                .map(|answer| answer.nps_group() == NpsGroup::Detractor),
            asked_but_silent: Some(said.is_silent),
            business_quiet: Some(profile.silence.is_business_quiet),
            region: profile.tastes.region.clone(),
            app_version_old: app_version.and_then(|version| playbook.is_old(version)),
            ..Facts::default()
        };
        if let Some(catalogue) = &self.catalogue {
            catalogue.tell(tastes(profile), as_of, &mut facts);
        }
        facts
    }

    /// Whether the product was used less than half as often in the last 30 days as in the 60 before; none of who did not
    /// use it then, and where no rule asks.
    fn low_use(&self, features: &[(FeatureId, f64)]) -> Option<bool> {
        let [of_late, all] = *self.uses.first_chunk()?;
        let uses = |id| {
            features
                .iter()
                .find(|(known, _)| *known == id)
                .map(|(_, uses)| *uses)
        };
        let of_late = uses(of_late)?;
        let before = uses(all)? - of_late;
        // Half of the mean of 30 of those 60 days is a quarter of them.
        (before > 0.0).then_some(4.0 * of_late < before)
    }
}

fn tastes(profile: &Profile) -> Tastes<'_> {
    let of = &profile.tastes;
    Tastes {
        bought: &of.bought,
        viewed: &of.viewed,
        wished: &of.wished,
    }
}

/// Whether something was said of the last order; none of who never ordered.
fn reviewed(profile: &Profile, asked: &Asked<'_>) -> Option<bool> {
    let ordered = asked.store.last_purchase(asked.ix)?;
    let said = &profile.feedback;
    let opinions = [&said.nps, &said.csat, &said.stars].into_iter().flatten();
    Some(opinions.into_iter().any(|opinion| opinion.at > ordered))
}
