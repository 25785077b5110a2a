//! The files that are accepted as a signing key, and the words with which others are refused.

use std::fs;
use std::path::Path;

use getrandom::SysRng;
use rsa::BoxedUint;
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::EncodePrivateKey;

use super::super::{KeyFault, PrivateKey, key_files, public_pem};
use super::material::{printed, ran, shared_key};

fn refused(file: &[u8]) -> KeyFault {
    PrivateKey::from_pem(file).expect_err("refused")
}

#[test]
fn keys_of_openssl_and_ssh_keygen_programs_are_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    for (program, arguments, label) in [
        ("ssh-keygen", "-q -t rsa -b 4096 -m PEM -N '' -f key", "RSA PRIVATE KEY"),
        ("openssl", "genrsa -traditional -out key 2048", "RSA PRIVATE KEY"),
        ("openssl", "genrsa -out key 3072", "PRIVATE KEY"),
    ] {
        let _ = fs::remove_file(at.join("key"));
        if !ran(at, program, arguments) {
            continue;
        }
        let key = key_files::read_key(&at.join("key")).expect(arguments);
        assert!(key.pem().starts_with(&format!("-----BEGIN {label}-----\n")), "{arguments}");
        let public = key.public();
        let pem = public_pem(&public.n, &public.e).expect("a public key");
        assert_eq!(pem, printed(at, "openssl", "rsa -in key -pubout"), "{arguments}");
        // The stored file holds the imported key.
        fs::write(at.join("kept"), key.pem().as_bytes()).expect("written");
        let modulus = |file| printed(at, "openssl", &format!("rsa -in {file} -noout -modulus"));
        assert_eq!(modulus("kept"), modulus("key"));
    }
}

#[test]
fn other_files_of_these_programs_are_refused_with_their_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let pass = "-aes256 -passout pass:secret";
    for (program, arguments, expected) in [
        ("openssl", "genrsa -out key 1024", KeyFault::TooShort(1024)),
        ("openssl", &*format!("genrsa {pass} -out key 2048"), KeyFault::Encrypted),
        ("openssl", &*format!("genrsa -traditional {pass} -out key 2048"), KeyFault::Encrypted),
        ("openssl", "ecparam -name prime256v1 -genkey -out key", KeyFault::OtherKind("EC")),
        ("openssl", "ecparam -name prime256v1 -genkey -noout -out key", KeyFault::OtherKind("EC")),
        (
            "openssl",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key",
            KeyFault::OtherKind("EC"),
        ),
        ("openssl", "genpkey -algorithm ED25519 -out key", KeyFault::OtherKind("Ed25519")),
        (
            "openssl",
            "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out key",
            KeyFault::OtherKind("RSA for PSS alone"),
        ),
        ("openssl", "ecparam -name prime256v1 -out key", KeyFault::NotAKey),
        (
            "openssl",
            "req -x509 -newkey rsa:2048 -nodes -keyout other -subj /CN=x -out key",
            KeyFault::Certificate,
        ),
        ("openssl", "rsa -in other -pubout -out key", KeyFault::Public),
        ("openssl", "rsa -in other -RSAPublicKey_out -out key", KeyFault::Public),
        ("openssl", "rsa -in other -outform DER -out key", KeyFault::Binary),
        ("openssl", "genrsa -traditional -primes 3 -out key 2048", KeyFault::ManyPrimes),
        ("openssl", "genrsa -traditional -3 -out key 2048", KeyFault::Exponent),
        ("ssh-keygen", "-q -t rsa -b 2048 -N '' -f key", KeyFault::OpenSsh),
        ("ssh-keygen", "-q -t ed25519 -N '' -f key", KeyFault::OpenSsh),
    ] {
        let _ = fs::remove_file(at.join("key"));
        if ran(at, program, arguments) {
            let file = fs::read(at.join("key")).expect("made");
            assert_eq!(refused(&file), expected, "{program} {arguments}");
            if program == "ssh-keygen" {
                let public = fs::read(at.join("key.pub")).expect("made");
                assert_eq!(refused(&public), KeyFault::Public, "{arguments}");
            }
        }
    }
}

/// Makes `key`, `certificate` and the PKCS#12 file `bundle.p12` of both.
fn make_bundle(at: &Path) -> bool {
    let certificate = "req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout key -out certificate";
    let bundle =
        "pkcs12 -export -inkey key -in certificate -name mine -passout pass:x -out bundle.p12";
    ran(at, "openssl", certificate) && ran(at, "openssl", bundle)
}

#[test]
fn private_key_is_found_among_the_other_blocks_of_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    if !make_bundle(at) {
        return;
    }
    let made = [
        "pkcs12 -in bundle.p12 -passin pass:x -nodes -out bundle",
        "pkcs12 -in bundle.p12 -passin pass:x -nodes -nocerts -out bag",
        "rsa -in key -traditional -out pkcs1",
        "rsa -in key -pubout -out public",
        "ecparam -name prime256v1 -out curve",
    ];
    assert!(made.iter().all(|arguments| ran(at, "openssl", arguments)));
    let read = |name: &str| fs::read_to_string(at.join(name)).expect("made");
    let kid = key_files::read_key(&at.join("key")).expect("a key").kid().to_owned();
    for names in [
        &["bundle"][..],
        &["bag"],
        &["certificate", "key"],
        &["key", "certificate"],
        &["certificate", "certificate", "pkcs1", "certificate"],
        &["public", "key"],
        &["curve", "key", "public"],
    ] {
        let text: String = names.iter().map(|name| read(name)).collect();
        let crlf = text.replace('\n', "\r\n");
        let joined = text.replace("-----\n-----", "----------");
        for text in [&text, &crlf, &joined, &format!("\u{feff}{text}")] {
            let key = PrivateKey::from_pem(text.as_bytes());
            assert_eq!(key.map(|key| key.kid().to_owned()), Ok(kid.clone()), "{names:?}");
        }
    }
}

#[test]
fn file_with_two_private_keys_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let made = [
        "genrsa -out one 2048",
        "rsa -in one -traditional -out pkcs1",
        "rsa -in one -aes256 -passout pass:x -out encrypted",
        "ecparam -name prime256v1 -genkey -out elliptic",
        "req -x509 -key one -subj /CN=x -out certificate",
    ];
    if !made.iter().all(|arguments| ran(at, "openssl", arguments)) {
        return;
    }
    let read = |name: &str| fs::read_to_string(at.join(name)).expect("made");
    for names in [
        &["one", "one"][..],
        &["one", "pkcs1"],
        &["certificate", "one", "certificate", "pkcs1"],
        &["encrypted", "one"],
        &["one", "elliptic"],
    ] {
        let text: String = names.iter().map(|name| read(name)).collect();
        assert_eq!(refused(text.as_bytes()), KeyFault::SeveralKeys, "{names:?}");
    }
    // The one private key decides, not the block before it.
    for (name, expected) in
        [("encrypted", KeyFault::Encrypted), ("elliptic", KeyFault::OtherKind("EC"))]
    {
        let text = read("certificate") + &read(name);
        assert_eq!(refused(text.as_bytes()), expected, "{name}");
    }
}

#[test]
fn binary_bundle_is_refused_with_the_command_that_converts_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    if !make_bundle(at) {
        return;
    }
    let bundle = fs::read(at.join("bundle.p12")).expect("made");
    assert_eq!(refused(&bundle), KeyFault::Pkcs12);
    let told = key_files::read_key(&at.join("bundle.p12")).expect_err("refused").to_string();
    assert!(told.contains("openssl pkcs12 -in FILE -nodes -nocerts -out key.pem"), "{told}");
    // The lengths may be indefinite or short (X.690 §8.1.3).
    assert_eq!(refused(b"\x30\x80\x02\x01\x03\x30\x80\x06\x09"), KeyFault::Pkcs12);
    assert_eq!(refused(b"\x30\x40\x02\x01\x03\x30\x20\x06\x09"), KeyFault::Pkcs12);
    assert_eq!(refused(b"\x30\x40\x02\x01\x00\x30\x20\x06\x09"), KeyFault::Binary);
    assert_eq!(refused(b"\x30"), KeyFault::Binary);
    assert_eq!(refused(b"\x30\x82"), KeyFault::Binary);
    assert!(ran(at, "openssl", "x509 -in certificate -outform DER -out certificate.der"));
    assert_eq!(refused(&fs::read(at.join("certificate.der")).expect("made")), KeyFault::Binary);
}

#[test]
fn utf_16_file_is_refused_as_such() {
    let key = shared_key();
    for encode in [u16::to_le_bytes, u16::to_be_bytes] {
        for mark in ["\u{feff}", ""] {
            let units = format!("{mark}{}", key.pem()).encode_utf16().collect::<Vec<_>>();
            let file: Vec<u8> = units.into_iter().flat_map(encode).collect();
            assert_eq!(refused(&file), KeyFault::Utf16);
        }
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let key = shared_key();
    let whole = key.pem();
    let half = &whole[..whole.len() / 2];
    assert_eq!(refused(half.as_bytes()), KeyFault::Damaged);
    let lines: Vec<&str> = whole.lines().collect();
    let without_a_line = [&lines[..5], &lines[6..]].concat().join("\n");
    assert_eq!(refused(without_a_line.as_bytes()), KeyFault::Damaged);
    let with_a_blot = whole.replacen(lines[3], &"!".repeat(64), 1);
    assert_eq!(refused(with_a_blot.as_bytes()), KeyFault::Damaged);
    assert_eq!(refused(b""), KeyFault::NotAKey);
    assert_eq!(refused(b"password: hunter2\n"), KeyFault::NotAKey);
    assert_eq!(refused(&[0xff; 100]), KeyFault::Binary);
    assert_eq!(refused(&vec![b'A'; 70_000]), KeyFault::TooLarge);
}

#[test]
fn key_with_one_changed_bit_is_refused() {
    let whole = shared_key();
    let pem = whole.pem();
    let lines = pem.lines().count();
    for line in 1..lines - 1 {
        let mut changed: Vec<String> = pem.lines().map(str::to_owned).collect();
        let first = if changed[line].starts_with('A') { "B" } else { "A" };
        changed[line].replace_range(..1, first);
        let read = PrivateKey::from_pem(changed.join("\n").as_bytes());
        assert!(read.is_err(), "line {line} of {lines}");
    }
}

#[test]
fn inconsistent_key_numbers_are_refused() {
    let one = rsa::PrivateKey::new(&mut SysRng, 1024).expect("a key");
    let pkcs1 = one.to_pkcs1_pem(LineEnding::LF).expect("PEM");
    assert_eq!(refused(pkcs1.as_bytes()), KeyFault::TooShort(1024));
    let pkcs8 = one.to_pkcs8_pem(LineEnding::LF).expect("PEM");
    assert_eq!(refused(pkcs8.as_bytes()), KeyFault::TooShort(1024));

    let small = BoxedUint::from(3_u32);
    let cube = rsa::PrivateKey::new_with_exp(&mut SysRng, 2048, small).expect("a key");
    let pem = cube.to_pkcs1_pem(LineEnding::LF).expect("PEM");
    assert_eq!(refused(pem.as_bytes()), KeyFault::Exponent);
}

#[test]
fn a_refusal_is_one_line_that_names_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key.pem");
    let label = "OPENSSH PRIVATE KEY";
    let text = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    fs::write(&file, text).expect("written");
    let line = key_files::read_key(&file).expect_err("refused").to_string();
    assert!(line.contains("key.pem is a private key in OpenSSH's own format"), "{line}");
    assert!(line.contains("ssh-keygen -p -m PEM") && !line.contains('\n'), "{line}");
}
