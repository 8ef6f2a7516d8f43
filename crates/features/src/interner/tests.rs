use super::*;
use std::collections::HashMap;

fn intern(names: &mut Interner, id: &str) -> u32 {
    names.intern(names.hash(id), id).0
}

fn find(names: &Interner, id: &str) -> Option<u32> {
    names.find(names.hash(id), id)
}

#[test]
fn ids_of_any_length_are_found_again() {
    let mut names = Interner::new(3);
    let ids: Vec<String> = [0, 1, 10, 254, 255, 256, 65_535, 65_536, 200_000, 5]
        .iter()
        .map(|&len| "x".repeat(len))
        .collect();
    let given: Vec<u32> = ids.iter().map(|id| intern(&mut names, id)).collect();
    assert_eq!(given, (0..10).collect::<Vec<_>>());
    for (id, ix) in ids.iter().zip(given) {
        assert_eq!(find(&names, id), Some(ix));
        assert_eq!(names.id(ix), id);
    }
}

#[test]
fn equal_hashes_are_told_apart_by_the_id() {
    let mut names = Interner::new(0);
    let ids: Vec<String> = (0..300).map(|n| format!("id {n}")).collect();
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(names.intern(u64::MAX, id), (n as u32, true));
    }
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(names.find(u64::MAX, id), Some(n as u32));
    }
    assert_eq!(names.find(u64::MAX, "id 300"), None);
}

#[test]
fn seed_changes_the_hash_and_nothing_else() {
    let (mut one, mut two) = (Interner::new(1), Interner::new(2));
    assert_ne!(one.hash("ada"), two.hash("ada"));
    for n in 0..1_000 {
        let id = format!("id {n}");
        assert_eq!(intern(&mut one, &id), intern(&mut two, &id));
    }
}

#[test]
fn erased_id_leaves_no_bytes_and_its_place_is_used_again() {
    let mut names = Interner::new(0);
    for id in ["before", "secret", "behind"] {
        intern(&mut names, id);
    }
    names.erase(1);
    names.erase(1);
    assert_eq!(
        (names.len(), names.id(1), find(&names, "secret")),
        (2, "", None)
    );
    let holds_secret = |names: &Interner| {
        names
            .arena
            .concat()
            .windows(6)
            .any(|part| part == b"secret")
    };
    assert!(!holds_secret(&names));
    let bytes = names.bytes();
    assert_eq!(intern(&mut names, "newest"), 1);
    assert_eq!(
        (names.id(1), names.bytes(), names.arena.concat().len()),
        ("newest", bytes, 21)
    );
}

#[test]
fn table_agrees_with_a_map_while_ids_come_and_go() {
    let mut names = Interner::new(9);
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut state = 1u64;
    for _ in 0..40_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let id = format!("id {}", (state >> 40) % 3_000);
        if (state >> 33).is_multiple_of(5) {
            if let Some(ix) = known.remove(&id) {
                names.erase(ix);
            }
            assert_eq!(find(&names, &id), None);
        } else {
            let ix = intern(&mut names, &id);
            assert_eq!(*known.entry(id).or_insert(ix), ix);
        }
    }
    assert_eq!(names.len(), known.len());
    for (id, ix) in &known {
        assert_eq!((find(&names, id), names.id(*ix)), (Some(*ix), id.as_str()));
    }
}
