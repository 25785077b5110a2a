//! Malformed paddings (RFC 8017 §9.2), signed with the private key: a lenient reader would accept
//! them. After Bleichenbacher 2006 and Wycheproof's cases.

use aws_lc_rs::digest;
use signet_verifier::Reason;

use crate::minting::{assert_refused, assert_taken, encode, signed_part, signer, user_claims};

const LENGTH: usize = 256;

/// The bytes of the object identifier of SHA-256.
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

fn message() -> String {
    signed_part(&signer().token(&user_claims())).to_owned()
}

fn hash(algorithm: &'static digest::Algorithm) -> Vec<u8> {
    digest::digest(algorithm, message().as_bytes()).as_ref().to_vec()
}

/// Returns a DER element with a short length.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("a short element");
    assert!(length < 128);
    [&[tag, length], content].concat()
}

/// Returns a `DigestInfo` with this object identifier and these parameters.
fn digest_info(identifier: &[u8], parameters: &[u8], hash: &[u8]) -> Vec<u8> {
    let algorithm = der(0x30, &[&der(0x06, identifier), parameters].concat());
    der(0x30, &[algorithm, der(0x04, hash)].concat())
}

fn good_info() -> Vec<u8> {
    digest_info(SHA256, &[5, 0], &hash(&digest::SHA256))
}

/// Returns `00 01 FF … FF 00` and the content, extended to the length of the modulus.
fn padded_with_ff(content: &[u8]) -> Vec<u8> {
    let filling = vec![0xff; LENGTH - 3 - content.len()];
    [&[0, 1], filling.as_slice(), &[0], content].concat()
}

/// Returns `00 01`, some `FF`, `00`, the content, and `behind` up to the length of the modulus.
fn padded_short(ff: usize, content: &[u8], behind: u8) -> Vec<u8> {
    let mut encoded = [&[0, 1], vec![0xff; ff].as_slice(), &[0], content].concat();
    encoded.resize(LENGTH, behind);
    encoded
}

fn token(encoded: &[u8]) -> String {
    assert_eq!(encoded.len(), LENGTH);
    format!("{}.{}", message(), encode(signer().sign_encoded(encoded)))
}

#[test]
fn only_the_encoding_of_the_signer_is_accepted() {
    let encoded = padded_with_ff(&good_info());
    assert_eq!(signer().sign_encoded(&encoded), signer().sign(&message()));
    assert_taken([("the encoding", token(&encoded))]);
}

#[test]
fn a_changed_byte_anywhere_in_the_encoding_is_refused() {
    let good = padded_with_ff(&good_info());
    assert_taken([("unchanged", token(&good))]);
    // The first byte stays: a number above the modulus can't be signed.
    for place in 1..LENGTH {
        let mut encoded = good.clone();
        encoded[place] ^= 1 << (place % 8);
        assert_refused([(place, token(&encoded))], Reason::Key);
    }
}

#[test]
fn another_digest_info_is_refused() {
    let hash256 = hash(&digest::SHA256);
    let info = good_info();
    let long_form = |tag: u8, content: &[u8]| {
        [&[tag, 0x81, u8::try_from(content.len()).expect("short")], content].concat()
    };
    let longer_form = |tag: u8, content: &[u8]| {
        [&[tag, 0x82, 0, u8::try_from(content.len()).expect("short")], content].concat()
    };
    let indefinite = |tag: u8, content: &[u8]| [&[tag, 0x80], content, &[0, 0]].concat();
    let algorithm = der(0x30, &[&der(0x06, SHA256), [5, 0].as_slice()].concat());
    let octets = der(0x04, &hash256);
    let inner = [algorithm.clone(), octets.clone()].concat();
    let algorithm_content = &algorithm[2..];
    let sha = |last: u8| [&SHA256[..8], &[last]].concat();
    let sha1 = [0x2b, 0x0e, 0x03, 0x02, 0x1a];
    let md5 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05];

    let infos: Vec<(&str, Vec<u8>)> = vec![
        ("bare hash", hash256.clone()),
        ("hash in octets", octets.clone()),
        ("nothing", Vec::new()),
        ("parameters absent", digest_info(SHA256, &[], &hash256)),
        ("parameters twice NULL", digest_info(SHA256, &[5, 0, 5, 0], &hash256)),
        ("NULL with content", digest_info(SHA256, &[5, 1, 0], &hash256)),
        ("NULL in long form", digest_info(SHA256, &[5, 0x81, 0], &hash256)),
        ("parameters an empty sequence", digest_info(SHA256, &[0x30, 0], &hash256)),
        ("parameters an integer", digest_info(SHA256, &[2, 1, 0], &hash256)),
        ("parameters full of garbage", digest_info(SHA256, &der(0x04, &[7; 60]), &hash256)),
        ("SHA-1's name", digest_info(&sha1, &[5, 0], &hash256)),
        ("MD5's name", digest_info(&md5, &[5, 0], &hash256)),
        ("SHA-384's name", digest_info(&sha(2), &[5, 0], &hash256)),
        ("SHA-512's name", digest_info(&sha(3), &[5, 0], &hash256)),
        ("SHA-224's name", digest_info(&sha(4), &[5, 0], &hash256)),
        ("SHA-512/256's name", digest_info(&sha(6), &[5, 0], &hash256)),
        ("SHA3-256's name", digest_info(&sha(8), &[5, 0], &hash256)),
        ("no name", digest_info(&[], &[5, 0], &hash256)),
        ("a longer name", digest_info(&[SHA256, &[1]].concat(), &[5, 0], &hash256)),
        ("SHA-1", digest_info(&sha1, &[5, 0], &hash(&digest::SHA1_FOR_LEGACY_USE_ONLY))),
        ("SHA-384", digest_info(&sha(2), &[5, 0], &hash(&digest::SHA384))),
        ("SHA-512", digest_info(&sha(3), &[5, 0], &hash(&digest::SHA512))),
        ("hash cut", digest_info(SHA256, &[5, 0], &hash256[..31])),
        ("half the hash", digest_info(SHA256, &[5, 0], &hash256[..16])),
        ("hash empty", digest_info(SHA256, &[5, 0], &[])),
        ("hash longer", digest_info(SHA256, &[5, 0], &[hash256.as_slice(), &[0]].concat())),
        ("hash of zeros", digest_info(SHA256, &[5, 0], &[0; 32])),
        (
            "hash of nothing",
            digest_info(SHA256, &[5, 0], digest::digest(&digest::SHA256, b"").as_ref()),
        ),
        ("outer length in long form", long_form(0x30, &inner)),
        ("outer length in longer form", longer_form(0x30, &inner)),
        ("outer length indefinite", indefinite(0x30, &inner)),
        (
            "algorithm in long form",
            der(0x30, &[long_form(0x30, algorithm_content), octets.clone()].concat()),
        ),
        (
            "algorithm indefinite",
            der(0x30, &[indefinite(0x30, algorithm_content), octets.clone()].concat()),
        ),
        ("hash in long form", der(0x30, &[algorithm.clone(), long_form(0x04, &hash256)].concat())),
        (
            "hash in longer form",
            der(0x30, &[algorithm.clone(), longer_form(0x04, &hash256)].concat()),
        ),
        ("hash constructed", der(0x30, &[algorithm.clone(), der(0x24, &octets)].concat())),
        ("hash a bit string", der(0x30, &[algorithm.clone(), der(0x03, &hash256)].concat())),
        ("a set", der(0x31, &inner)),
        ("something behind the hash", der(0x30, &[inner.as_slice(), &[5, 0]].concat())),
        ("something behind it all", [info.as_slice(), &[5, 0]].concat()),
        ("a zero behind it all", [info.as_slice(), &[0]].concat()),
        ("a zero before", [&[0], info.as_slice()].concat()),
        ("wrapped again", der(0x30, &info)),
        ("twice", info.repeat(2)),
        ("cut", info[..info.len() - 1].to_vec()),
        ("first byte cut", info[1..].to_vec()),
    ];
    assert_taken([("the good one", token(&padded_with_ff(&info)))]);
    assert_refused(
        infos.into_iter().map(|(name, info)| (name, token(&padded_with_ff(&info)))),
        Reason::Key,
    );
}

#[test]
fn another_padding_is_refused() {
    let info = good_info();
    let good = padded_with_ff(&info);
    let filling = LENGTH - 3 - info.len();
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut encoded = good.clone();
        change(&mut encoded);
        encoded
    };
    let mut encodings: Vec<(String, Vec<u8>)> = vec![
        ("type 0".into(), changed(&|e| e[1] = 0)),
        ("type 2".into(), changed(&|e| e[1] = 2)),
        (
            "type 2, random filling".into(),
            changed(&|e| {
                e[1] = 2;
                for (place, byte) in e[2..2 + filling].iter_mut().enumerate() {
                    *byte = u8::try_from(place % 255 + 1).expect("a byte");
                }
            }),
        ),
        ("type 0, zero filling".into(), changed(&|e| e[1..2 + filling].fill(0))),
        ("type 255".into(), changed(&|e| e[1] = 0xff)),
        ("zero filling".into(), changed(&|e| e[2..2 + filling].fill(0))),
        ("filling of 01".into(), changed(&|e| e[2..2 + filling].fill(1))),
        ("filling of FE".into(), changed(&|e| e[2..2 + filling].fill(0xfe))),
        ("no separator".into(), changed(&|e| e[2 + filling] = 0xff)),
        ("a separator of 01".into(), changed(&|e| e[2 + filling] = 1)),
        ("two separators".into(), changed(&|e| e[1 + filling] = 0)),
        ("moved up".into(), changed(&|e| e[2..].rotate_right(1))),
        ("without its first byte".into(), [&good[1..], &[0]].concat()),
        ("no filling at all".into(), padded_short(0, &info, 0)),
    ];
    // Bleichenbacher 2006: little padding, and bytes after the hash.
    for ff in [1, 2, 7, 8, 9, 16, 64, 128, 190, filling - 1] {
        for behind in [0x00, 0x01, 0x5a, 0xff] {
            encodings
                .push((format!("{ff} FF, {behind:02x} behind"), padded_short(ff, &info, behind)));
        }
    }
    // A zero in the padding ends it early.
    for place in (2..2 + filling).step_by(11) {
        encodings.push((format!("zero at {place}"), changed(&|e| e[place] = 0)));
    }
    assert_taken([("the good one", token(&good))]);
    assert_refused(
        encodings.into_iter().map(|(name, encoded)| {
            assert_ne!(encoded, good, "{name}");
            (name, token(&encoded))
        }),
        Reason::Key,
    );
}
