//! What an order brings with it: a parcel and now and then praise, or trouble.

use super::customer::{Customer, Day, FollowUp};
use super::event::What;

impl Customer {
    /// What an order brings with it on later days.
    pub(super) fn order_goes_out(&mut self, day: Day, cents: u32) {
        let arrives = day.number + self.random.whole(1, 3);
        if !self.random.chance(day.failures) {
            self.plan(arrives, What::OrderDelivered { late_days: 0 }, 0.0);
            if self.random.chance(0.07) {
                let score = self.random.whole(7, 10);
                self.plan(arrives + 1, What::SurveyResponse { score }, -0.2);
            }
            if self.random.chance(0.05) {
                let score = self.random.whole(4, 5);
                self.plan(arrives + 3, What::Review { score }, 0.0);
            }
            if self.random.chance(0.02) {
                self.plan(
                    arrives,
                    What::SupportContact {
                        priority: "low",
                        channel: "mail",
                    },
                    0.0,
                );
            }
            return;
        }
        let late_days = self.random.whole(2, 8);
        let channel = ["chat", "phone", "mail"][self.random.whole(0, 2) as usize];
        self.plan(
            arrives,
            What::SupportContact {
                priority: "high",
                channel,
            },
            1.1,
        );
        if self.random.chance(0.55) {
            self.plan(
                arrives + 2,
                What::SupportContact {
                    priority: "urgent",
                    channel,
                },
                0.6,
            );
        }
        if self.random.chance(0.35) {
            self.plan(arrives + 4, What::Refund { cents }, 0.2);
        } else {
            self.plan(arrives + late_days, What::OrderDelivered { late_days }, 0.1);
        }
        if self.random.chance(0.5) {
            self.plan(arrives + 3, What::SupportResolved, -0.7);
        }
        if self.random.chance(0.25) {
            let score = self.random.whole(0, 5);
            self.plan(arrives + 5, What::SurveyResponse { score }, 0.0);
        }
    }

    fn plan(&mut self, day: u32, what: What, grief: f64) {
        self.follow_ups.push(FollowUp { day, what, grief });
    }
}
