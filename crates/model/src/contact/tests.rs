use super::*;

const TERMS: Terms = Terms {
    value: 100.0,
    saved: 0.1,
    cost: 3.0,
};

/// 100 customers of falling risk; those in `left` left.
fn list(left: impl Fn(u32) -> bool) -> Vec<Scored> {
    (0..100)
        .map(|customer| Scored {
            p: 1.0 - f64::from(customer) / 100.0,
            left: left(customer),
            customer,
        })
        .collect()
}

#[test]
fn figures_of_the_top_match_values_computed_by_hand() {
    // Of the first 20 the even ones left, of the rest every fifth.
    let rows = list(|i| if i < 20 { i % 2 == 0 } else { i % 5 == 0 });
    let found = contacts(&[&rows], Capacity::Customers(20), &TERMS);
    let top = found.overall;
    assert_eq!((top.rows, found.cutoffs[0]), (20, top));
    assert!((top.precision.value - 0.5).abs() < 1e-12);
    assert!((top.lift.value - 0.5 / 0.26).abs() < 1e-12);
    assert!((top.reached.value - 10.0 / 26.0).abs() < 1e-12);
    // 10 of them saved to a tenth at 100 each, 20 contacts at 3 each, of 100 customers.
    assert!((top.profit.value - 10.0 * (10.0 * 10.0 - 60.0)).abs() < 1e-9);
    for figure in [top.precision, top.lift, top.reached, top.profit] {
        assert!(
            figure.lo < figure.value && figure.value < figure.hi,
            "{figure:?}"
        );
    }
    assert_eq!(found.curve.len(), 100);
    assert_eq!(found.curve[19].precision, top.precision);
    assert!((found.curve[99].precision.value - 0.26).abs() < 1e-12);
    assert!((found.curve[99].reached.lo - 1.0).abs() < 1e-12);
}

#[test]
fn best_share_is_where_the_next_contact_would_cost_more_than_it_brings() {
    let rows = list(|i| i < 30);
    let found = contacts(&[&rows], Capacity::Share(0.1), &TERMS);
    let best = found.best.unwrap();
    assert!((best.share - 0.3).abs() < 1e-12 && (best.profit.value - 2_100.0).abs() < 1e-9);
    // p from .3 on is 71 customers.
    assert!((found.rule.threshold - 0.3).abs() < 1e-12);
    assert!((found.rule.share - 0.71).abs() < 1e-12);
    assert!((found.rule.profit.value - 10.0 * (300.0 - 213.0)).abs() < 1e-9);
    let dear = Terms {
        cost: 11.0,
        ..TERMS
    };
    assert_eq!(contacts(&[&rows], Capacity::Share(0.1), &dear).best, None);
}

#[test]
fn capacity_holds_for_each_cutoff_and_the_share_is_one_customer_at_least() {
    let (short, long) = (list(|_| true)[..5].to_vec(), list(|i| i < 50));
    let found = contacts(&[&short, &long], Capacity::Share(0.1), &TERMS);
    assert_eq!((found.cutoffs[0].rows, found.cutoffs[1].rows), (1, 10));
    assert_eq!(found.overall.rows, 11);
    let found = contacts(&[&short, &long], Capacity::Customers(60), &TERMS);
    assert_eq!((found.cutoffs[0].rows, found.cutoffs[1].rows), (5, 60));
    assert!((found.overall.precision.value - 55.0 / 65.0).abs() < 1e-12);
}

#[test]
fn without_customers_every_figure_is_undefined() {
    let found = contacts(&[&[]], Capacity::Share(0.1), &TERMS);
    assert!(found.overall.precision.value.is_nan() && found.best.is_none());
}
