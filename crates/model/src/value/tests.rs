use super::*;
use crate::splitmix::SplitMix;

const TRUTH: Value = Value {
    p: 3.0,
    q: 4.0,
    v: 20.0,
    mbg: [2.0, 80.0, 1.0, 3.0],
};
const HORIZON: f64 = 60.0;

/// What a customer did until now, what he spent within the horizon, and whether he was still there.
struct Lived {
    buyer: Buyer,
    later: f64,
    alive: bool,
}

/// Customers who buy, spend and leave as the model has it. Ages are whole days, so that no day is lived twice.
fn simulated(customers: usize) -> Vec<Lived> {
    let mut draw = SplitMix::new(23);
    let mut unit = || (draw.below(1 << 52) as f64 + 0.5) / (1_u64 << 52) as f64;
    let mut live = |_| {
        let rate = -(libm::log(unit()) + libm::log(unit())) / TRUTH.mbg[1];
        let leaves = 1.0 - libm::pow(unit(), 1.0 / TRUTH.mbg[3]);
        let nu = -(0..4).map(|_| libm::log(unit())).sum::<f64>() / TRUTH.v;
        let age = (50.0 + 400.0 * unit()).floor();
        let (mut now, mut times, mut last) = (0.0, 0, 0.0);
        let (mut spent, mut later, mut alive_then) = (0.0, 0.0, false);
        loop {
            let amount = -(0..3).map(|_| libm::log(unit())).sum::<f64>() / nu;
            if now <= age {
                (times, last, spent) = (times + 1, now, spent + amount);
            } else {
                later += amount;
            }
            let stays = unit() >= leaves;
            now -= libm::log(unit()) / rate;
            alive_then |= stays && now > age;
            if !stays || now > age + HORIZON {
                break;
            }
        }
        let buyer = Buyer {
            orders: times,
            occasions: times as u16,
            span_days: last,
            age_days: age,
            recency_days: age - last,
            spent: spent + 7.0,
            refunded: 7.0,
        };
        Lived {
            buyer,
            later,
            alive: alive_then,
        }
    };
    (0..customers).map(&mut live).collect()
}

#[test]
fn value_of_simulated_customers_comes_as_foretold() {
    let mut lived = simulated(100_000);
    let told = |lived: &Lived| TRUTH.worth(&lived.buyer, HORIZON);
    lived.sort_by(|a, b| told(a).expected.total_cmp(&told(b).expected));
    for tenth in lived.chunks(lived.len() / 10) {
        foretold(tenth.iter(), |l| l.later - told(l).expected);
        let stayed = tenth.iter().filter(|lived| lived.alive);
        foretold(stayed, |l| l.later - told(l).if_stays);
        foretold(tenth.iter(), |l| {
            f64::from(u8::from(l.alive)) - told(l).p_alive
        });
    }
}

/// The misses have no mean, as far as their number can tell.
fn foretold<'a>(lived: impl Iterator<Item = &'a Lived>, miss: impl Fn(&Lived) -> f64) {
    let misses: Vec<f64> = lived.map(miss).collect();
    let n = misses.len() as f64;
    let off = misses.iter().sum::<f64>() / n;
    let error = (misses.iter().map(|x| x * x).sum::<f64>()).sqrt() / n;
    assert!(n > 100.0 && off.abs() < 4.5 * error, "{off} +- {error}");
}

#[test]
fn simulated_value_is_found_again() {
    let buyers: Vec<Buyer> = simulated(40_000).iter().map(|lived| lived.buyer).collect();
    let found = Value::learn(&buyers, None).unwrap();
    let all = |value: &Value| [value.p, value.q, value.v, value.mbg[0], value.mbg[1]];
    for (found, truth) in all(&found).into_iter().zip(all(&TRUTH)) {
        assert!((found / truth - 1.0).abs() < 0.1, "{found} {truth}");
    }
    let sum = |value: &Value| -> f64 {
        let worth = |buyer: &Buyer| value.worth(buyer, HORIZON).expected;
        buyers.iter().map(worth).sum()
    };
    assert!((sum(&found) / sum(&TRUTH) - 1.0).abs() < 0.03);
    assert_eq!(
        Value::learn(&buyers, Some(TRUTH.mbg)).unwrap().mbg,
        TRUTH.mbg
    );
}

#[test]
fn shop_without_amounts_or_with_few_who_came_twice_has_no_value() {
    let mut buyers: Vec<Buyer> = simulated(2_000).iter().map(|lived| lived.buyer).collect();
    let again = |buyer: &Buyer| buyer.occasions > 1;
    let mut kept = 0;
    let mut few = buyers.clone();
    few.retain(|buyer| {
        kept += usize::from(again(buyer));
        !again(buyer) || kept < 30
    });
    assert_eq!(Value::learn(&few, None), None);
    for buyer in &mut buyers {
        buyer.spent = buyer.refunded;
    }
    assert_eq!(Value::learn(&buyers, None), None);
}

#[test]
fn one_dear_order_does_not_make_a_great_customer() {
    let mean = TRUTH.expected_spend(0.0, 0.0);
    let once = TRUTH.expected_spend(1.0, 10.0 * mean);
    let often = TRUTH.expected_spend(50.0, 10.0 * mean);
    assert!((mean - 20.0).abs() < 1e-12, "{mean}");
    assert!(once < 6.0 * mean && often > 9.7 * mean, "{once} {often}");
    assert_eq!(
        TRUTH.expected_spend(2.0, -3.0),
        TRUTH.expected_spend(2.0, 0.0)
    );
}

#[test]
fn expected_purchases_grow_with_the_horizon_and_fall_with_silence() {
    let dates = |age: f64| Rft {
        frequency: 4.0,
        recency: 100.0,
        age,
    };
    let of = |age: f64, days: f64| TRUTH.expected_purchases(&dates(age), days);
    assert!(of(110.0, 30.0) < of(110.0, 60.0));
    assert!(of(110.0, 30.0) > of(200.0, 30.0));
    assert_eq!(of(110.0, 0.0), 0.0);
    assert_eq!(of(110.0, -1.0), 0.0);
    let new = TRUTH.expected_purchases(&Rft::default(), 30.0);
    assert!(new > 0.0 && new < 1.0, "{new}");
}

#[test]
fn stake_is_the_probability_times_the_value_with_the_range_of_its_interval() {
    let found = at_stake(0.5, Some((0.4, 0.7)), 80.0);
    assert_eq!((found.low, found.mid, found.high), (32.0, 40.0, 56.0));
    let known = at_stake(0.5, None, 80.0);
    assert_eq!((known.low, known.mid, known.high), (40.0, 40.0, 40.0));
}

#[test]
fn parameters_that_cannot_be_are_faults() {
    let wrong = Value {
        p: 0.0,
        q: 1.0,
        v: f64::NAN,
        mbg: [1.0, -1.0, f64::INFINITY, 1.0],
    };
    let mut faults = Vec::new();
    wrong.faults(&mut faults);
    assert_eq!(faults.len(), 5, "{faults:#?}");
    TRUTH.faults(&mut faults);
    assert_eq!(faults.len(), 5, "{faults:#?}");
}
