//! Checksums of rows. A bit error on the disk can turn `disabled` rows, revoked sessions or keys
//! into other values that still parse. SQLite has no checksums of its own.
//!
//! FNV-1a, 64 bits: each step is a bijection of the running value, so a change of one byte is
//! always detected. It protects against accidents, not against an attacker with write access.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Returns the checksum of a row's columns, in the form that SQLite stores.
pub(super) fn of(columns: &[&[u8]]) -> i64 {
    let mut sum = OFFSET;
    for column in columns {
        // The length detects a byte that moved from one column to the next.
        let length = u64::try_from(column.len()).unwrap_or(u64::MAX).to_le_bytes();
        for byte in length.iter().chain(column.iter()) {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
    sum.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_changes_the_checksum() {
        let row = b"8c5f9f3e disabled [\"user\"]".to_vec();
        let sum = of(&[&row]);
        for bit in 0..row.len() * 8 {
            let mut flipped = row.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(of(&[&flipped]), sum, "bit {bit}");
        }
    }

    #[test]
    fn byte_moved_between_columns_changes_the_checksum() {
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
    }
}
