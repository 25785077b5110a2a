//! The files that are accepted as a signing key, and the words with which others are refused.

use std::fs;

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
    fs::write(
        &file,
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    )
    .expect("written");
    let line = key_files::read_key(&file).expect_err("refused").to_string();
    assert!(line.contains("key.pem is a private key in OpenSSH's own format"), "{line}");
    assert!(line.contains("ssh-keygen -p -m PEM") && !line.contains('\n'), "{line}");
}
