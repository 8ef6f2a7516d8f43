//! The buy-till-you-die families against the paper, other programs and plain twins.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

use holdfast_model::btyd::{
    Family, FitError, Params, Prepared, Rft, Settings, fit, log_likelihood, merged,
};
use proptest::prelude::*;

const PLAIN: Settings = Settings { ridge: 0.0 };

/// CDNOW's sample in weeks; see data/cdnow_sample.py.
fn cdnow() -> Vec<(Rft, f64)> {
    let lines = include_str!("data/cdnow_sample.csv").lines().skip(1);
    let row = |line: &str| {
        let numbers: Vec<f64> = line.split(',').map(|n| n.parse().unwrap()).collect();
        let row = Rft {
            frequency: numbers[0],
            recency: numbers[1] / 7.0,
            age: numbers[2] / 7.0,
        };
        (row, numbers[3])
    };
    lines.map(row).collect()
}

fn near(found: f64, right: f64, within: f64) {
    assert!((found - right).abs() <= within, "{found} is not {right}");
}

#[test]
fn bg_nbd_of_cdnow_is_the_one_of_the_paper() {
    let fit = fit(Family::Bg, &cdnow(), PLAIN).unwrap();
    // Table 2 of Fader, Hardie, Lee (2005), all digits.
    near(fit.params.r, 0.243, 5e-4);
    near(fit.params.alpha, 4.414, 5e-4);
    near(fit.params.a, 0.793, 5e-4);
    near(fit.params.b, 2.426, 5e-4);
    near(fit.log_likelihood, -9582.4, 0.05);
}

#[test]
fn mbg_nbd_of_cdnow_is_the_one_of_lifetimes_and_of_a_plain_search() {
    let rows = cdnow();
    let fit = fit(Family::Mbg, &rows, PLAIN).unwrap();
    let found = [fit.params.r, fit.params.alpha, fit.params.a, fit.params.b];
    // lifetimes 0.11.3: ModifiedBetaGeoFitter(penalizer_coef=0.0).fit(x, t, T, weights=n, tol=1e-7)
    let lifetimes = [0.524_842_9, 6.183_081_8, 0.891_359_5, 1.614_002_9];
    for (found, right) in found.iter().zip(lifetimes) {
        near(found / right, 1.0, 1e-5);
    }
    let searched = search(|logs| -textbook(logs.map(f64::exp), &rows));
    for (found, right) in found.iter().zip(searched) {
        near(found / right.exp(), 1.0, 1e-3);
    }
    near(fit.log_likelihood, textbook(found, &rows), 1e-6);
}

/// The likelihood of MBG/NBD as it is printed, customer by customer.
fn textbook([r, alpha, a, b]: [f64; 4], rows: &[(Rft, f64)]) -> f64 {
    let gamma = libm::lgamma;
    let beta = |a: f64, b: f64| gamma(a) + gamma(b) - gamma(a + b);
    let one = |row: &Rft| {
        let (x, t, age) = (row.frequency, row.recency, row.age);
        let rate = (gamma(r + x) - gamma(r)).exp() * alpha.powf(r);
        let stayed = beta(a, b + x + 1.0) - beta(a, b);
        let left = beta(a + 1.0, b + x) - beta(a, b);
        let buys = |until: f64| (alpha + until).powf(-(r + x));
        (rate * (stayed.exp() * buys(age) + left.exp() * buys(t))).ln()
    };
    rows.iter().map(|(row, n)| n * one(row)).sum()
}

/// Nelder and Mead's simplex from a poor start.
fn search(f: impl Fn([f64; 4]) -> f64) -> [f64; 4] {
    let at = |x: [f64; 4]| (f(x), x);
    let mut corners = vec![at([0.0; 4])];
    corners.extend((0..4).map(|i| at(std::array::from_fn(|j| f64::from(u8::from(i == j))))));
    for _ in 0..600 {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let worst = corners[4];
        let middle: [f64; 4] =
            std::array::from_fn(|j| corners[..4].iter().map(|c| c.1[j]).sum::<f64>() / 4.0);
        let along = |by: f64| {
            at(std::array::from_fn(|j| {
                middle[j] + by * (worst.1[j] - middle[j])
            }))
        };
        let mirrored = along(-1.0);
        let tried = if mirrored.0 < corners[0].0 {
            let further = along(-2.0);
            if further.0 < mirrored.0 {
                further
            } else {
                mirrored
            }
        } else if mirrored.0 < corners[3].0 {
            mirrored
        } else {
            along(if mirrored.0 < worst.0 { -0.5 } else { 0.5 })
        };
        if tried.0 < worst.0 {
            corners[4] = tried;
        } else {
            let best = corners[0].1;
            for corner in &mut corners[1..] {
                *corner = at(std::array::from_fn(|j| 0.5 * (best[j] + corner.1[j])));
            }
        }
    }
    corners.iter().min_by(|a, b| a.0.total_cmp(&b.0)).unwrap().1
}

/// lifetimes 0.11.3: family, `f.params_` set to r, alpha, a, b, then horizon, x, t, T and what
/// `f.conditional_probability_alive(x, t, T)` and
/// `f.conditional_expected_number_of_purchases_up_to_time(horizon, x, t, T)` gave.
const LIFETIMES: &str = "\
BG 0.243 4.414 0.793 2.426 39 0 0 38.86 1.0 0.19509805201125396
BG 0.243 4.414 0.793 2.426 39 2 30.43 38.86 0.726578570080673 1.226028174767135
BG 0.243 4.414 0.793 2.426 39 7 30.0 38.86 0.669066490603992 3.4790626343893662
BG 0.243 4.414 0.793 2.426 39 26 30.86 31.0 0.968915649717525 20.7497261408577
MBG 0.525 6.183 0.891 1.614 39 0 0 38.86 0.3897350809187629 0.15401274667514553
MBG 0.525 6.183 0.891 1.614 39 2 30.43 38.86 0.7062022651184873 1.2629606232673432
MBG 0.525 6.183 0.891 1.614 39 7 30.0 38.86 0.6503578347152312 3.308136771872315
MBG 0.525 6.183 0.891 1.614 39 26 30.86 31.0 0.9655661441440616 19.450722652158557
MBG 2.5 60.0 0.4 3.0 180 0 0 1.0 0.8779950957978473 4.914516399927878
MBG 2.5 60.0 0.4 3.0 180 3 200.0 400.0 0.3941391020585766 0.7978224667563718
MBG 2.5 60.0 0.4 3.0 180 120 3600.0 3650.0 0.9831482557301996 5.788179863475948";

#[test]
fn forecasts_are_those_of_lifetimes() {
    let mut checked = 0;
    for line in LIFETIMES.lines() {
        let (family, numbers) = line.split_once(' ').unwrap();
        let family = if family == "BG" {
            Family::Bg
        } else {
            Family::Mbg
        };
        let numbers: Vec<f64> = numbers.split(' ').map(|n| n.parse().unwrap()).collect();
        let [
            r,
            alpha,
            a,
            b,
            horizon,
            frequency,
            recency,
            age,
            alive,
            purchases,
        ] = numbers[..]
        else {
            panic!("{line}");
        };
        let ready = Prepared::new(family, Params { r, alpha, a, b }, horizon).unwrap();
        let row = Rft {
            frequency,
            recency,
            age,
        };
        near(ready.p_alive(&row), alive, 1e-12);
        near(ready.expected_purchases(&row) / purchases, 1.0, 1e-10);
        checked += 1;
    }
    assert_eq!(checked, 11);
}

#[test]
fn order_and_repetition_of_rows_change_no_bit() {
    let rows = cdnow();
    let mut single: Vec<Rft> = Vec::new();
    for (row, n) in rows.iter().rev() {
        single.extend(std::iter::repeat_n(*row, *n as usize));
    }
    assert_eq!(single.len(), 2357);
    assert_eq!(merged(&single), rows);
    let apart: Vec<(Rft, f64)> = single.iter().map(|row| (*row, 1.0)).collect();
    assert_eq!(
        fit(Family::Mbg, &apart, PLAIN),
        fit(Family::Mbg, &rows, PLAIN)
    );
}

#[test]
fn another_unit_of_time_changes_alpha_only() {
    let weeks = fit(Family::Mbg, &cdnow(), PLAIN).unwrap().params;
    let days = cdnow().into_iter().map(|(row, n)| {
        let (recency, age) = (7.0 * row.recency, 7.0 * row.age);
        (
            Rft {
                frequency: row.frequency,
                recency,
                age,
            },
            n,
        )
    });
    let days = fit(Family::Mbg, &days.collect::<Vec<_>>(), PLAIN)
        .unwrap()
        .params;
    near(days.alpha / weeks.alpha, 7.0, 1e-5);
    near(days.r / weeks.r, 1.0, 1e-5);
    near(days.a / weeks.a, 1.0, 1e-5);
    near(days.b / weeks.b, 1.0, 1e-5);
}

#[test]
fn population_that_cannot_carry_a_fit_is_refused_by_name() {
    let row = |frequency, recency, age| Rft {
        frequency,
        recency,
        age,
    };
    let all = |rows: &[(Rft, f64)]| fit(Family::Mbg, rows, PLAIN).unwrap_err();
    assert_eq!(all(&[]), FitError::TooFew(0.0));
    assert_eq!(all(&[(row(1.0, 2.0, 3.0), 49.0)]), FitError::TooFew(49.0));
    assert_eq!(
        all(&[(row(0.0, 0.0, 3.0), 80.0)]),
        FitError::NoRepeats(80.0)
    );
    for wrong in [
        row(1.0, 4.0, 3.0),
        row(0.0, 1.0, 3.0),
        row(-1.0, 0.0, 3.0),
        row(1.0, f64::NAN, 3.0),
    ] {
        let error = all(&[(row(1.0, 2.0, 3.0), 80.0), (wrong, 1.0)]);
        assert!(matches!(error, FitError::Row { index: 1, .. }), "{error}");
    }
    let error = fit(Family::Mbg, &cdnow(), Settings { ridge: f64::NAN }).unwrap_err();
    assert!(matches!(error, FitError::Ridge(_)), "{error}");
}

/// Everybody bought a moment ago and equally often: nobody leaves, and all rates are one.
#[test]
fn population_without_a_bound_is_refused_and_a_ridge_bounds_it() {
    let rows: Vec<(Rft, f64)> = (1..=20)
        .map(|x| {
            let age = 7.0 * f64::from(x);
            (
                Rft {
                    frequency: f64::from(x),
                    recency: age,
                    age,
                },
                10.0,
            )
        })
        .collect();
    for family in [Family::Bg, Family::Mbg] {
        let error = fit(family, &rows, PLAIN).unwrap_err();
        assert!(
            matches!(
                error,
                FitError::Unbounded { .. } | FitError::NotConverged { .. }
            ),
            "{error}"
        );
        let Params { a, b, .. } = fit(family, &rows, Settings { ridge: 1e-3 }).unwrap().params;
        assert!(a / (a + b) < 0.05, "{a} {b}");
    }
}

fn params() -> impl Strategy<Value = Params> {
    (-4.0..4.0_f64, -3.0..6.0_f64, -4.0..4.0_f64, -4.0..4.0_f64).prop_map(|(r, alpha, a, b)| {
        Params {
            r: r.exp(),
            alpha: alpha.exp(),
            a: a.exp(),
            b: b.exp(),
        }
    })
}

fn customer() -> impl Strategy<Value = Rft> {
    (0..60_u32, 0.0..700.0_f64, 0.0..400.0_f64).prop_map(|(x, recency, silence)| {
        let recency = if x == 0 { 0.0 } else { recency };
        Rft {
            frequency: f64::from(x),
            recency,
            age: recency + silence,
        }
    })
}

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::Bg), Just(Family::Mbg)]
}

proptest! {
    #[test]
    fn silence_never_makes_a_purchase_likelier(
        family in family(), params in params(), row in customer(),
        horizon in 1.0..200.0_f64, more in 0.0..400.0_f64,
    ) {
        let ready = Prepared::new(family, params, horizon).unwrap();
        let now = ready.outlook(&row);
        let later = ready.outlook(&Rft { age: row.age + more, ..row });
        prop_assert!(later.p_no_purchase >= now.p_no_purchase - 1e-13, "{now:?} {later:?}");
        prop_assert!(later.p_alive <= now.p_alive + 1e-13, "{now:?} {later:?}");
    }

    #[test]
    fn no_purchase_is_the_quotient_of_likelihoods(
        family in family(), params in params(), row in customer(), horizon in 1.0..200.0_f64,
    ) {
        let later = Rft { age: row.age + horizon, ..row };
        let at = |row| log_likelihood(family, &params, &[(row, 1.0)]);
        let found = Prepared::new(family, params, horizon).unwrap().p_no_purchase(&row);
        prop_assert!((found - (at(later) - at(row)).exp()).abs() < 1e-9, "{found}");
    }

    /// Over p, an alive customer's Beta, by the midpoint rule: without hypergeometric functions.
    #[test]
    fn expected_purchases_are_an_integral_over_the_chance_of_leaving(
        family in family(), params in params(), row in customer(), horizon in 1.0..200.0_f64,
    ) {
        const STEPS: u32 = 20_000;
        let a = params.a + 1.0; // away from the density's pole, which a midpoint rule cannot see
        let params = Params { a, b: params.b + 1.0, ..params };
        let ready = Prepared::new(family, params, horizon).unwrap();
        let stay = params.b + row.frequency + if family == Family::Mbg { 1.0 } else { 0.0 };
        let density = libm::lgamma(a + stay) - libm::lgamma(a) - libm::lgamma(stay);
        let y = horizon / (params.alpha + row.age);
        let sum: f64 = (0..STEPS)
            .map(|i| {
                let u = (f64::from(i) + 0.5) / f64::from(STEPS);
                let p = u * u * (3.0 - 2.0 * u); // flat at both ends, where the density is steep
                let beta = density + (a - 1.0) * p.ln() + (stay - 1.0) * (-p).ln_1p();
                let buys = -(-(params.r + row.frequency) * (p * y).ln_1p()).exp_m1() / p;
                beta.exp() * buys * 6.0 * u * (1.0 - u) / f64::from(STEPS)
            })
            .sum();
        let (found, right) = (ready.expected_purchases(&row), ready.p_alive(&row) * sum);
        prop_assert!((found - right).abs() <= 1e-5 * right + 1e-300, "{found} is not {right}");
    }
}
