//! Signatures: PKCS#1 v1.5 with SHA-256 and nothing near it (RFC 8017 §8.2.2, §9.2).

use end_to_end::forge::SHA256_PREFIX;
use end_to_end::token::{decode, encode};
use rsa::BigUint;
use sha2::{Digest, Sha256};

use super::Bench;

/// The length of the key in bytes.
const LENGTH: usize = 256;

fn block(kind: [u8; 2], filler: u8, info: &[u8], after: &[u8]) -> Vec<u8> {
    let mut block = kind.to_vec();
    block.resize(LENGTH - 1 - info.len() - after.len(), filler);
    block.push(0);
    block.extend_from_slice(info);
    block.extend_from_slice(after);
    assert_eq!(block.len(), LENGTH);
    block
}

#[test]
fn a_signature_of_another_length_or_out_of_range_is_refused() {
    let bench = Bench::start();
    let good = bench.forge.mint(&bench.claims);
    let (input, signature) = good.rsplit_once('.').expect("a signature");
    let signature = decode(signature);
    let modulus = bench.forge.modulus();
    let number = BigUint::from_bytes_be(&signature);
    let one = BigUint::from_bytes_be(&[1]);
    let mut flipped = signature.clone();
    flipped[LENGTH / 2] ^= 1;
    let others: Vec<(&str, Vec<u8>)> = vec![
        ("empty", vec![]),
        ("one byte", vec![1]),
        ("shorter", signature[1..].to_vec()),
        ("cut", signature[..LENGTH - 1].to_vec()),
        ("longer", [&signature[..], &[0]].concat()),
        ("a leading zero byte", [&[0][..], &signature].concat()),
        ("twice", [&signature[..], &signature].concat()),
        ("s + n", (&number + modulus).to_bytes_be()),
        ("n - s", bench.forge.padded(&(modulus - &number))),
        ("0", vec![0; LENGTH]),
        ("1", bench.forge.padded(&one)),
        ("n - 1", bench.forge.padded(&(modulus - &one))),
        ("n", bench.forge.padded(modulus)),
        ("n + 1", bench.forge.padded(&(modulus + &one))),
        ("all ones", vec![0xff; LENGTH]),
        ("one bit changed", flipped),
        ("as PEM text", encode(&signature).into_bytes()),
    ];
    for (why, other) in others {
        bench.refuses(why, &format!("{input}.{}", encode(other)));
    }
    bench.accepts("the signature itself", &good);
}

#[test]
fn a_signature_with_any_other_padding_is_refused() {
    let bench = Bench::start();
    let good = bench.forge.mint(&bench.claims);
    let (input, signature) = good.rsplit_once('.').expect("a signature");
    let hash = Sha256::digest(input.as_bytes());
    let info = [&SHA256_PREFIX[..], &hash].concat();
    let token = |block: &[u8]| format!("{input}.{}", encode(bench.forge.raw(block)));

    let right = block([0, 1], 0xff, &info, &[]);
    assert_eq!(bench.forge.raw(&right), decode(signature), "the control is made the same way");
    bench.accepts("re-minted", &token(&right));

    let mut blocks: Vec<(String, Vec<u8>)> = vec![
        ("block type 0".into(), block([0, 0], 0, &info, &[])),
        ("block type 2".into(), block([0, 2], 0xff, &info, &[])),
        ("a filler that is not 0xff".into(), block([0, 1], 0xfe, &info, &[])),
        ("trailing bytes, a short filler".into(), block([0, 1], 0xff, &info, &[0; 32])),
        ("trailing garbage after a minimal filler".into(), {
            let after = vec![0xaa; LENGTH - 3 - 8 - info.len()];
            block([0, 1], 0xff, &info, &after)
        }),
        ("no DigestInfo".into(), block([0, 1], 0xff, &hash, &[])),
        ("the hash twice".into(), block([0, 1], 0xff, &[&info[..], &hash].concat(), &[])),
        ("another hash".into(), {
            let other = [&SHA256_PREFIX[..], &Sha256::digest(b"other")].concat();
            block([0, 1], 0xff, &other, &[])
        }),
        ("no NULL parameters".into(), {
            let mut short = SHA256_PREFIX.to_vec();
            short.drain(15..17);
            short[1] -= 2;
            short[3] -= 2;
            short.extend_from_slice(&hash);
            block([0, 1], 0xff, &short, &[])
        }),
        ("a long-form length".into(), {
            let mut long = vec![0x30, 0x81, 0x31];
            long.extend_from_slice(&info[2..]);
            block([0, 1], 0xff, &long, &[])
        }),
    ];
    // Any single changed byte of the frame: the last of the filler, the zero, the DigestInfo.
    for at in 0..LENGTH {
        let filler = (3..LENGTH - info.len() - 2).contains(&at);
        if filler && at % 16 != 0 {
            continue;
        }
        for bit in [1, 0x80] {
            let mut changed = right.clone();
            changed[at] ^= bit;
            // The first byte's high bit would make it larger than the modulus.
            if at > 0 {
                blocks.push((format!("byte {at} changed by {bit}"), changed));
            }
        }
    }
    assert!(blocks.len() > 120, "{}", blocks.len());
    for (why, block) in &blocks {
        bench.refuses_as("key", why, &token(block));
    }
    bench.accepts_the_good_one();
}
