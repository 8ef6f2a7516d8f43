use holdfast_features::feature;

use super::*;

fn rows(names: &[&str], values: &[&[f64]]) -> Rows {
    Rows {
        features: names.iter().map(|name| feature(name).unwrap()).collect(),
        values: values.concat(),
        left: vec![false; values.len()],
        cutoff: vec![0; values.len()],
        customer: (0..values.len() as u32).collect(),
        cutoffs: vec![0],
        ..Rows::default()
    }
}

fn names(design: &Design) -> Vec<&'static str> {
    design
        .columns
        .iter()
        .map(|c| c.feature.describe().name)
        .collect()
}

#[test]
fn columns_have_mean_zero_and_deviation_one() {
    let values: Vec<Vec<f64>> = (0..500)
        .map(|i| vec![f64::from(i), f64::from(i % 7)])
        .collect();
    let values: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let design = Design::of(&rows(&["tenure_days", "purchases_7d"], &values), |_| false).unwrap();
    for column in 0..2 {
        let cells: Vec<f64> = (0..500).map(|row| design.row(row)[column]).collect();
        let mean = cells.iter().sum::<f64>() / 500.0;
        let square = cells.iter().map(|z| z * z).sum::<f64>() / 500.0;
        assert!(
            mean.abs() < 1e-7 && (square - 1.0).abs() < 1e-7,
            "{mean} {square}"
        );
    }
}

#[test]
fn outlier_is_held_in_the_range_of_the_others() {
    let mut values: Vec<Vec<f64>> = (0..999).map(|i| vec![f64::from(i % 10)]).collect();
    values.push(vec![1e9]);
    let values: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let design = Design::of(&rows(&["spend_30d"], &values), |_| false).unwrap();
    assert_eq!((design.columns[0].lo, design.columns[0].hi), (0.0, 9.0));
    assert_eq!(design.row(999), design.row(9));
}

#[test]
fn rare_value_keeps_its_column() {
    let mut values = vec![[0.0, 1.0]; 1_000];
    values[17][0] = 2.0;
    values[18][1] = 3.0;
    let values: Vec<&[f64]> = values.iter().map(<[f64; 2]>::as_slice).collect();
    let design = Design::of(
        &rows(&["support_contacts_7d", "purchases_7d"], &values),
        |_| false,
    )
    .unwrap();
    assert_eq!(names(&design), ["support_contacts_7d", "purchases_7d"]);
    assert_eq!((design.columns[0].lo, design.columns[0].hi), (0.0, 2.0));
}

#[test]
fn constant_and_repeated_columns_are_left_out_with_the_reason() {
    let values: Vec<Vec<f64>> = (0..100)
        .map(|i| vec![f64::from(i), f64::from(i), 5.0, f64::from(i % 4)])
        .collect();
    let values: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let all = [
        "days_since_last_event",
        "days_since_last_purchase",
        "refund_share",
        "purchases_7d",
    ];
    let design = Design::of(&rows(&all, &values), |_| false).unwrap();
    assert_eq!(names(&design), ["days_since_last_purchase", "purchases_7d"]);
    let purchase = feature("days_since_last_purchase").unwrap();
    assert!(
        design
            .dropped
            .contains(&(feature("refund_share").unwrap(), Dropped::Constant))
    );
    let event = feature("days_since_last_event").unwrap();
    assert!(design.dropped.contains(&(event, Dropped::SameAs(purchase))));
}

#[test]
fn nothing_but_constants_is_too_little_data() {
    let values = [[1.0]; 20];
    let values: Vec<&[f64]> = values.iter().map(<[f64; 1]>::as_slice).collect();
    assert!(matches!(
        Design::of(&rows(&["spend_30d"], &values), |_| false),
        Err(Error::DataTooSmall(_))
    ));
}

#[test]
fn quantile_lies_between_neighbours() {
    assert_eq!(quantile(&[0.0, 10.0], 0.25), 2.5);
    assert_eq!(quantile(&[3.0], 0.995), 3.0);
}

#[test]
fn constant_that_no_sum_hits_exactly_is_still_a_constant() {
    let values: Vec<Vec<f64>> = (0..1_387).map(|i| vec![12.5, f64::from(i % 9)]).collect();
    let values: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let design = Design::of(
        &rows(&["mean_order_value", "purchases_7d"], &values),
        |_| false,
    )
    .unwrap();
    assert_eq!(names(&design), ["purchases_7d"]);
}
