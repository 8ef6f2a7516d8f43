//! Little-endian numbers.

/// Appends numbers.
pub fn put(out: &mut Vec<u8>, numbers: &[u64]) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// Takes the next numbers off; none if there are not as many.
pub fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u64; N]> {
    let (mine, rest) = bytes.split_at_checked(8 * N)?;
    *bytes = rest;
    let mut numbers = [0; N];
    for (number, bytes) in numbers.iter_mut().zip(mine.as_chunks::<8>().0) {
        *number = u64::from_le_bytes(*bytes);
    }
    Some(numbers)
}
