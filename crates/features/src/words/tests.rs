use super::*;

/// Adds to a plain vector of words, as the store does to its rows.
fn add(words: &mut Vec<u64>, day: u16, place: Place, amount: u64) {
    let carry = add_low(words, day, place, amount).unwrap_or_else(|missing| {
        words.insert(missing.at, missing.word);
        missing.rest
    });
    if carry > 0
        && let Err(missing) = add_high(words, day, place, carry)
    {
        words.insert(missing.at, missing.word);
    }
    assert!(words.is_sorted());
}

const ALL: [bool; 3] = [true; 3];
const FIELDS: [Field; 12] = [
    Field::PageViews,
    Field::Checkouts,
    Field::SupportContacts,
    Field::CartAdds,
    Field::CartAbandons,
    Field::EmailOpens,
    Field::Uses,
    Field::Sessions,
    Field::Engagements,
    Field::Others,
    Field::Refunds,
    Field::PaymentFailures,
];

#[test]
fn fields_fill_their_payload_without_overlap() {
    for tag in [SHOP, MORE] {
        let places: Vec<_> = FIELDS
            .map(Field::place)
            .into_iter()
            .filter(|p| p.tag == tag)
            .collect();
        let covered = places.iter().fold(0u64, |seen, p| {
            assert_eq!(seen & (p.mask() << p.shift), 0);
            seen | (p.mask() << p.shift)
        });
        assert_eq!(covered, (1 << TAG_SHIFT) - 1);
    }
}

#[test]
fn full_fields_carry_and_disturb_no_neighbour() {
    let mut words = Vec::new();
    for (n, field) in FIELDS.into_iter().enumerate() {
        for _ in 0..2_000 + n {
            add(&mut words, 100, field.place(), 1);
        }
    }
    assert_eq!(
        words.len(),
        2 + 12,
        "a low word of each kind and a high one of each number"
    );
    let windows = windows_at(&words, 100, ALL);
    for (n, field) in FIELDS.into_iter().enumerate() {
        assert_eq!(windows.count(0, field), 2_000 + n as u64, "{field:?}");
    }
}

#[test]
fn amounts_beyond_the_field_are_exact() {
    let mut words = Vec::new();
    let amount = 1_000_000_000_000;
    for _ in 0..300 {
        add(&mut words, 100, MINOR, amount);
        add(&mut words, 100, PURCHASES, 1);
    }
    let windows = windows_at(&words, 100, ALL);
    assert_eq!(windows.minor(0), 300 * amount as i64);
    assert_eq!((windows.purchases(0), windows.purchase_days(0)), (300, 1));
    assert_eq!(words.len(), 3);
}

#[test]
fn amounts_beyond_an_i64_stay_at_its_end() {
    let mut words = Vec::new();
    for _ in 0..3 {
        add(&mut words, 100, MINOR, i64::MAX as u64);
    }
    assert_eq!(windows_at(&words, 100, ALL).minor(2), i64::MAX);
}

#[test]
fn most_words_a_row_may_have_fit_into_a_lane() {
    let mut words = Vec::new();
    for field in FIELDS {
        add(&mut words, 100, field.place(), field.place().mask());
    }
    add(&mut words, 100, PURCHASES, PURCHASES.mask());
    let full: Vec<u64> = words.iter().flat_map(|&word| [word; 8_192]).collect();
    let windows = windows_at(&full, 100, ALL);
    for field in FIELDS {
        assert_eq!(
            windows.count(0, field),
            8_192 * field.place().mask(),
            "{field:?}"
        );
    }
    assert_eq!(windows.purchases(0), 8_192 * PURCHASES.mask());
}

#[test]
fn window_ends_with_the_day_and_leaves_out_what_is_later() {
    let mut words = Vec::new();
    for day in [11, 93, 94, 99, 100, 101] {
        add(&mut words, day, Field::PageViews.place(), 1);
    }
    let count = |day, window| windows_at(&words, day, ALL).count(window, Field::PageViews);
    assert_eq!((count(100, 0), count(100, 1), count(100, 2)), (3, 4, 5));
    assert_eq!((count(99, 0), count(101, 2), count(10, 2)), (3, 5, 0));
}

#[test]
fn windows_that_are_not_needed_are_not_summed() {
    let mut words = Vec::new();
    add(&mut words, 100, Field::PageViews.place(), 1);
    let windows = windows_at(&words, 100, [false, true, false]);
    let counts = [0, 1, 2].map(|window| windows.count(window, Field::PageViews));
    assert_eq!(counts, [0, 1, 0]);
}
