//! Images of a store: cases that a random history does not come to.

use crate::images::{CROWD, START, crowded, image_of, name};
use holdfast_events::EventType;
use holdfast_features::{CartAbandon, DAY_MS, ImageFault, Input, LOGIC, Piece, Settings, Store};

fn plain() -> Settings {
    Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Given,
        minor_exponent: 2,
        stats: None,
    }
}

#[test]
fn an_empty_store_has_an_image_and_no_pieces_are_none() {
    let pieces = image_of(&mut Store::new(plain()));
    assert_eq!(pieces.len(), 1);
    assert!(Store::restore(plain(), 0, &pieces).unwrap().is_empty());
    let none = Store::restore(plain(), 0, &[]).map(|store| store.len());
    assert_eq!(
        none,
        Err(ImageFault::Missing {
            number: 0,
            pieces: 1
        })
    );
}

#[test]
fn pieces_that_are_not_one_image_are_refused_in_words() {
    let pieces = image_of(&mut crowded(plain()));
    assert_eq!(pieces.len(), 6);
    let refused = |settings, pieces: &[Piece]| {
        Store::restore(settings, 0, pieces)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(plain(), &pieces[..2]),
        "piece 2 of the image's 6 is missing"
    );
    assert_eq!(
        refused(plain(), &[pieces[2].clone()]),
        "piece 0 of the image's 6 is missing"
    );
    let twice = [&pieces[..], &pieces[1..2]].concat();
    assert_eq!(
        refused(plain(), &twice),
        "piece 1 is of another image, or comes twice"
    );
    let mut grown = crowded(plain());
    grown.intern("one more");
    let mixed = [&pieces[..2], &image_of(&mut grown)[2..]].concat();
    assert_eq!(
        refused(plain(), &mixed),
        "piece 2 is of another image, or comes twice"
    );
    let other = Settings {
        minor_exponent: 0,
        ..plain()
    };
    assert_eq!(
        refused(other, &pieces),
        "the image was made with another `dedupe`, cart abandonment, currency exponent, or other statistics"
    );
    let mut newer = pieces.clone();
    newer[1].bytes[0] += 1;
    let next = LOGIC + 1;
    let words = format!("the image's state is of logic {next}, this");
    assert!(refused(plain(), &newer).starts_with(&words));
    let mut huge = pieces;
    huge[0].bytes[8..12].fill(0xff);
    assert_eq!(
        refused(plain(), &huge),
        "piece 1 is of another image, or comes twice"
    );
    assert_eq!(
        refused(plain(), &huge[..1]),
        "piece 1 of the image's 16777216 is missing"
    );
}

#[test]
fn a_new_image_forgets_the_one_under_way() {
    let mut store = crowded(plain());
    store.begin_image();
    let mut pieces = Vec::new();
    assert!(!store.continue_image(2, &mut pieces));
    let ix = store.intern("a newcomer");
    store.erase(ix);
    store.begin_image();
    pieces.clear();
    assert!(store.continue_image(9, &mut pieces));
    assert_eq!(
        Store::restore(plain(), 0, &pieces).unwrap().digest(),
        store.digest()
    );
    store.begin_image();
    store.drop_image();
    assert!(store.continue_image(9, &mut pieces));
    assert_eq!(pieces.len(), 6);
}

#[test]
fn what_no_window_reaches_is_not_in_an_image_and_does_not_count() {
    let view = |ts| Input {
        kind: EventType::PageView,
        ts,
        minor: None,
        id_hash: 0,
        particulars: Default::default(),
    };
    let digests: Vec<u64> = [&[0, 300][..], &[0, 150, 200, 300]]
        .iter()
        .map(|days| {
            let mut store = Store::new(plain());
            let ix = store.intern("ada");
            for day in *days {
                store.apply(ix, &view(START + day * DAY_MS));
            }
            store.digest()
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn an_id_that_comes_twice_is_refused() {
    let mut store = Store::new(plain());
    store.intern("x1");
    store.intern("x2");
    let mut pieces = image_of(&mut store);
    let bytes = &mut pieces[0].bytes;
    // The second id shares one byte with the first, so its rest is one.
    let rest = bytes.windows(3).position(|part| part == b"x12").unwrap() + 2;
    bytes[rest] = b'1';
    let refused = Store::restore(plain(), 0, &pieces).map(|_| ()).unwrap_err();
    assert_eq!(refused.to_string(), "piece 0 is damaged: an id comes twice");
}

#[test]
fn an_image_keeps_free_indices_free() {
    let mut store = crowded(plain());
    for who in (0..CROWD).step_by(3) {
        let ix = store.find(&name(who)).unwrap();
        store.erase(ix);
    }
    let pieces = image_of(&mut store);
    let mut restored = Store::restore(plain(), 0, &pieces).unwrap();
    let indices = |store: &Store| store.iter().collect::<Vec<_>>();
    assert_eq!(indices(&restored), indices(&store));
    let erased = CROWD - restored.len();
    let newcomers: Vec<_> = (0..erased)
        .map(|n| restored.intern(&format!("new {n}")))
        .collect();
    assert!(
        newcomers
            .iter()
            .all(|ix| (ix.0 as usize) < CROWD && ix.0 % 3 == 0)
    );
    assert_eq!(restored.intern("one more").0 as usize, CROWD);
}
