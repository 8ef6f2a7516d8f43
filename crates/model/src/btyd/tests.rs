use super::*;
use crate::splitmix::SplitMix;

/// A simulated customer: what was seen until the age, and what came within the horizon after it.
struct Lived {
    row: Rft,
    later: f64,
}

const HORIZON: f64 = 10.0;
/// Whole r, and a = 1 (where the textbook's expectation is 0/0), so that a few logarithms draw them.
const TRUTH: Params = Params {
    r: 2.0,
    alpha: 8.0,
    a: 1.0,
    b: 3.0,
};

fn simulated(family: Family, customers: usize) -> Vec<Lived> {
    let mut draw = SplitMix::new(11);
    let mut unit = || (draw.below(1 << 52) as f64 + 0.5) / (1_u64 << 52) as f64;
    let mut live = |_| {
        let rate = -(libm::log(unit()) + libm::log(unit())) / TRUTH.alpha;
        let leaves = 1.0 - libm::pow(unit(), 1.0 / TRUTH.b);
        let age = 5.0 + 40.0 * unit();
        let mut lived = Lived {
            row: Rft {
                age,
                ..Rft::default()
            },
            later: 0.0,
        };
        let mut alive = family == Family::Bg || unit() >= leaves;
        let mut now = 0.0;
        while alive {
            now -= libm::log(unit()) / rate;
            if now <= age {
                lived.row.frequency += 1.0;
                lived.row.recency = now;
            } else if now <= age + HORIZON {
                lived.later += 1.0;
            } else {
                break;
            }
            alive = unit() >= leaves;
        }
        lived
    };
    (0..customers).map(&mut live).collect()
}

#[test]
fn silence_and_purchases_of_simulated_customers_come_as_foretold() {
    for family in [Family::Bg, Family::Mbg] {
        let ready = Prepared::new(family, TRUTH, HORIZON).unwrap();
        let mut lived = simulated(family, 200_000);
        let p = |lived: &Lived| ready.outlook(&lived.row).p_no_purchase;
        lived.sort_by(|a, b| p(a).total_cmp(&p(b)));
        for tenth in lived.chunks(lived.len() / 10) {
            let n = tenth.len() as f64;
            let mean = |f: &dyn Fn(&Lived) -> f64| tenth.iter().map(f).sum::<f64>() / n;
            let off = mean(&|l| f64::from(u8::from(l.later == 0.0)) - p(l));
            let error = (mean(&|l| p(l) * (1.0 - p(l))) / n).sqrt();
            assert!(off.abs() < 4.5 * error, "{family:?}: {off} +- {error}");
            let miss = |l: &Lived| l.later - ready.expected_purchases(&l.row);
            let off = mean(&miss);
            let error = (mean(&|l| miss(l) * miss(l)) / n).sqrt();
            assert!(off.abs() < 4.5 * error, "{family:?}: {off} +- {error}");
        }
    }
}

#[test]
fn simulated_population_is_found_again() {
    for family in [Family::Bg, Family::Mbg] {
        let lived = simulated(family, 40_000);
        let rows: Vec<Rft> = lived.iter().map(|lived| lived.row).collect();
        let found = fit(family, &merged(&rows), Settings { ridge: 0.0 }).unwrap();
        let Params { r, alpha, a, b } = found.params;
        let pairs = [
            (r, TRUTH.r),
            (alpha, TRUTH.alpha),
            (a, TRUTH.a),
            (b, TRUTH.b),
        ];
        for (found, truth) in pairs {
            assert!(
                (found / truth - 1.0).abs() < 0.1,
                "{family:?}: {found} {truth}"
            );
        }
    }
}

#[test]
fn slopes_are_those_of_the_log_likelihood() {
    let rows = [
        (0.0, 0.0, 9.0),
        (1.0, 2.0, 30.0),
        (6.0, 20.0, 21.0),
        (40.0, 500.0, 700.0),
    ];
    let counted: Vec<(Rft, f64)> = rows
        .iter()
        .zip([3.0, 1.0, 2.0, 1.0])
        .map(|((x, t, age), n)| {
            (
                Rft {
                    frequency: *x,
                    recency: *t,
                    age: *age,
                },
                n,
            )
        })
        .collect();
    let at = [0.7, 5.0, 0.4, 1.0];
    let of = |p: [f64; 4]| Params {
        r: p[0],
        alpha: p[1],
        a: p[2],
        b: p[3],
    };
    for family in [Family::Bg, Family::Mbg] {
        let (_, slopes) = likelihood::slopes(family, &of(at), &counted);
        for i in 0..4 {
            let moved = |h: f64| {
                let mut p = at;
                p[i] += h;
                log_likelihood(family, &of(p), &counted)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!(
                (slope - slopes[i]).abs() < 1e-6 * slope.abs().max(1.0),
                "{family:?} {i}"
            );
        }
    }
}

#[test]
fn nobody_of_bg_nbd_leaves_before_a_repeat_purchase() {
    let row = Rft {
        age: 5000.0,
        ..Rft::default()
    };
    let p = |family| {
        Prepared::new(family, TRUTH, 30.0)
            .unwrap()
            .outlook(&row)
            .p_alive
    };
    assert_eq!(p(Family::Bg), 1.0);
    assert!(p(Family::Mbg) < 1e-4);
}

#[test]
fn extremes_stay_probabilities_with_finite_log_odds() {
    let ready = Prepared::new(Family::Mbg, TRUTH, 90.0).unwrap();
    for row in [
        Rft {
            frequency: 5000.0,
            recency: 1.0,
            age: 1e6,
        },
        Rft {
            frequency: 1e5,
            recency: 1e4,
            age: 1e4,
        },
        Rft::default(),
    ] {
        let found = ready.outlook(&row);
        assert!((0.0..=1.0).contains(&found.p_alive), "{found:?}");
        assert!((0.0..=1.0).contains(&found.p_no_purchase), "{found:?}");
        assert!(found.logits().iter().all(|l| l.abs() <= 13.82), "{found:?}");
        assert!(ready.expected_purchases(&row).is_finite(), "{row:?}");
    }
}

#[test]
fn parameters_that_are_no_population_are_not_prepared() {
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            Prepared::new(Family::Bg, Params { a: wrong, ..TRUTH }, 30.0),
            None
        );
    }
    assert_eq!(Prepared::new(Family::Bg, TRUTH, f64::NAN), None);
}

#[test]
fn no_time_brings_no_purchase() {
    let ready = Prepared::new(Family::Mbg, TRUTH, 0.0).unwrap();
    let row = Rft {
        frequency: 3.0,
        recency: 8.0,
        age: 9.0,
    };
    assert_eq!(ready.p_no_purchase(&row), 1.0);
    assert_eq!(ready.expected_purchases(&row), 0.0);
}
