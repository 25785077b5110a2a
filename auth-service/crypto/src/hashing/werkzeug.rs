//! Password hashes as werkzeug writes them (`METHOD$SALT$HEX`): scrypt, PBKDF2 with any digest of
//! `hashlib`, and, up to werkzeug 2.2, a single digest.
//!
//! The salt is hashed as text, not decoded. A single digest is an HMAC keyed by the salt, or the
//! plain digest if the salt is empty. Old Django writes its `md5$SALT$HEX` and `sha1$SALT$HEX` in the
//! same form, with the digest of salt and password.

use super::digest::Digest;
use super::hash_fault::HashFault;
use super::imported::{Imported, Method};

/// Reads a method and `SALT$HEX` after it.
pub(super) fn read(method: &str, rest: &str) -> Result<Imported, HashFault> {
    let parts: Vec<&str> = method.split(':').collect();
    let method = match *parts.as_slice() {
        ["scrypt", n, r, p] => Method::scrypt(n, r, p)?,
        ["pbkdf2", digest, iterations] => Method::pbkdf2(digest, iterations)?,
        [digest] => Digest::find(digest).map(Method::Digest).ok_or(HashFault::Unknown)?,
        _ => return Err(HashFault::Unknown),
    };
    let (salt, hex) = rest.split_once('$').ok_or(HashFault::Damaged)?;
    Imported::of(method, salt, from_hex(hex))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::scheme::tests::{refused, right, wrong};
    use super::*;

    /// Written by werkzeug 3.1 for `correct horse`.
    const KNOWN: [&str; 4] = [
        "scrypt:32768:8:1$qTX3dVGtYM6WkEKG$df6baeb3e86d99448a758c27bfdadd5d81925fb2eb19f7d530cd97be0c89a745704ef26667d607eec3d3c4240c735b91d957e7a845d369ba00306f687c3d2818",
        "pbkdf2:sha256:150000$Q07WsclfWvhAX14l$ae32b41c2b6caaac732088748a811f3fe18f4bf1713b3bea8239c4dac90a8d2f",
        "pbkdf2:sha1:1000$3nr0JdqNnzKDCPVw$f61680e11ff5243f9d2c1c0b4e8655d8e56aee20",
        "pbkdf2:sha512:1000$QxiSlNNUj80q0LKI$6b95bf86ab9fd810142ec920f396f409ed061b80e5c535c99a2d3648214efa394aea3a839bb590a762f03968291abd543e76cf2188292af96ef237385552ad07",
    ];

    /// Written by werkzeug 2.0 with the digests of Python 3.11 for `correct horse`.
    const OLD: [&str; 35] = [
        "pbkdf2:md5:1000$qcc1BxUS$f45fe4302d43a66226e13f2f7b2c2cd5",
        "pbkdf2:sha1:1000$JT67WHBU$55d9e79a6145930e1d76fbc4af575ced7b8608e7",
        "pbkdf2:sha224:1000$vK2JA3ft$af86e595e31ae36b1fd6e029d8a1f99b86f548bc685c51b5400ba412",
        "pbkdf2:sha256:1000$wrjoNcGm$09cb36a517f0dc34b6f85abd30e996669eb16198680cf968306fc340540c9551",
        "pbkdf2:sha384:1000$o445Muom$0e8d38562dbb48e7f289438985afd1ac571a83bf5a426a4452b4e2a46cd81d6e5619485a8f69385e7bfc81903fc1ede9",
        "pbkdf2:sha512:1000$pWURTDVO$3a46d7dab63291a48f0edd7663a71cf4b74ff4aaa36be5d8d89e0f4b7bddce8876a5d8eed90e63eaf00ff3760c440b8f9e3d77986f82b94ea90eb0e52faba465",
        "pbkdf2:sha512_224:1000$UDfs3zSQ$dc49c327c76281817ae8296f49d979af5061c7f91e00dd670a5cbcef",
        "pbkdf2:sha512_256:1000$IxHZf311$9f444efd12a8392be705c984c20c38377c235d99412a06a90bac5b342b7842a7",
        "pbkdf2:sha3_224:1000$FTv7in5j$579b724d5e5d70a0a6425f5d500c34467e45490ce59ddbd18ccaf5cb",
        "pbkdf2:sha3_256:1000$7yF9Mhj5$e23177716dacb54782c2f102a1595d57335340ddfd4130f62ec43dd773bff354",
        "pbkdf2:sha3_384:1000$hPEiI1QU$69536a369d3ceb33bd32dfd0b04231c0e580c308eaeb3e04bb83e99ec78ac669973f0780fc6853b2fa8dc8cbc28f08ae",
        "pbkdf2:sha3_512:1000$cjWmq82S$b7fc0f3fa8dc320446f43bd177f7b03d0f598b9cfe9c7df37e54941e6827b64568af58edb7d977c0b862b4a85786df5d9875df24bea9bb7323fb67652d4cdfac",
        "pbkdf2:blake2b:1000$KB2s27UU$51199cee7455496f7a98fd32ea1a4d4912372bac546d734f8b6aeaa8d1a3f5da84b6d9ee9247b9caaf492c135adacb3f3de36c8ce1e73e0bb06e9ad32e27fdf9",
        "pbkdf2:blake2s:1000$ypYWSm56$320e466dcf95a07dda74001fdec08e4d80c58a6f2f410b977a04014374e68b90",
        "pbkdf2:ripemd160:1000$TBm9CDBY$8e7b90d3cdc8b4f75698d6414d0971781c9fbef0",
        "pbkdf2:sm3:1000$NpmAS4mG$0d3bf3a87bf0d5fe1e8b14f05f9092068da90d24cf635509f1accea262a18c9d",
        "md5$WX2vBZ68$2aab5caa1f829b7ef4b1e9543bde5d0d",
        "sha1$NYG7oucE$d472ad0eab1a99cded01b08339365e279409e643",
        "sha224$hMHo8oyq$d61ff7bf82e06b7e18f533f13abcb83f9ddc85fce214c0ccfa5d0cf6",
        "sha256$ducqUGyE$eacfb760655b1bab0eea74ddfe633073465c69e4b10be3afa8834a0eeacb5aad",
        "sha384$YgqaX41O$5a6084d3e17fc6dce25b1e6c0f70951290661d36d926637c47872211b8f8767025ba20e6e4879bc021f30f134c302f13",
        "sha512$uAbKTUHH$13bd6b161a7458c32982f6d24ee4f471ec91ea9a28239ce41e872cd4e6cec6dbe4a21c524fab1387aabdc191545cedc56b48fe2e9ecaa53a6dc83a4914ac011a",
        "sha512_224$yAHKP2zw$c378ecbbbde4e453b4679a5f73dcf0584c71b4b3f98ff8996248c573",
        "sha512_256$p49i4FVQ$b4fbda15717f5411fbe0e4b1c32f236eaca65d994a18c46aa6524719a9a2221e",
        "sha3_224$KV3lffop$419c70271cdf3267483cb055781fe5c1638d40319999abe1a026e2bd",
        "sha3_256$KXPp7POU$84a06887026e012cf61f8de3099cae6d6da296cfe5218c14ce4f7586c779d700",
        "sha3_384$ksac1uei$a3750d4af762deef88c9d615c998322bcd00094ce4831cdc769f49e0ec1b9462e1d87ac792e00bd58043cb2dc602bf96",
        "sha3_512$pm9N8Yom$9c2382509dbc0f13d7577cb3591d06912d3828928690b34889dd20c0611f5314e070402498c5dd7b394c4c9ab7f2532c1e11f7acf3fcfa3d054b350275ac95e8",
        "blake2b$Gyv5V7Kj$1d5499f2980e7b516085dd3a4c8d3579d92e1bb8caef5d118d9402f3aca0a10137aced9842f463532072fc5aca33035371809da757c28fef7017461d447c8cd0",
        "blake2s$buBRrIyp$155cfeac5e7fc963f592779ba9b57a3c9c7f2f64faa31eef18e0643d47edff04",
        "ripemd160$zzGFKyO9$828e22783944632b5a86d5d5090a6ee3550b10df",
        "sm3$DBkYjBDM$c24e4d5e312dc2860a896cb6d384e6a3e3309dc728b2ed1260308fdc8800699b",
        "SHA-256$EjqSQXTvy0x5U0c9$718df8fdf889b8940093b02183f6c1e6346191e4e1e63d24dce2c29037068bdf",
        "pbkdf2:SHA512-256:1000$HUO0AnuKzpbffXwM$172acc463f29a83c12d13f6958e4746df8828b8d68895d2488387eea89fd4177",
        "sha256$$4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631",
    ];

    #[test]
    fn werkzeug_hash_verifies() {
        for text in KNOWN.iter().chain(&OLD) {
            assert!(right("correct horse", text), "{text}");
            assert!(wrong("correct horsE", text) && wrong("", text), "{text}");
        }
    }

    #[test]
    fn changed_salt_or_digest_does_not_verify() {
        for text in KNOWN.iter().chain(&OLD) {
            let (method, rest) = text.split_once('$').unwrap();
            let (salt, hex) = rest.split_once('$').unwrap();
            let turned = if hex.ends_with('0') { "1" } else { "0" };
            for changed in [
                format!("{method}${salt}x${hex}"),
                format!("{method}${salt}${}{turned}", &hex[..hex.len() - 1]),
            ] {
                assert!(wrong("correct horse", &changed), "{changed}");
            }
        }
    }

    /// Written by Django 5.0, and by hashlib as Django does it.
    #[test]
    fn digest_of_salt_and_password_verifies() {
        for text in [
            "md5$saltsalt$7e3b0a3cecf4048076a11fab6ee901ba",
            "sha1$saltsalt$599c8acd3f623920c9f30c903535e864275a2e35",
        ] {
            assert!(right("correct horse", text) && wrong("correct", text), "{text}");
        }
    }

    #[test]
    fn a_hash_that_costs_too_much_is_refused_before_any_work() {
        let (long, half) = ("ab".repeat(64), "ab".repeat(32));
        for method in ["65536:8:1", "32768:16:16", "2:1:1", "16384:32:1"] {
            assert!(
                super::super::check(&format!("scrypt:{method}$salt${long}")).is_ok(),
                "{method}"
            );
        }
        for method in [
            "131072:8:1",
            "65536:9:1",
            "32768:8:17",
            "2:33:1",
            "18446744073709551616:8:1",
            "9223372036854775808:8:1",
            "2:4294967296:1",
        ] {
            let text = format!("scrypt:{method}$salt${long}");
            assert_eq!(refused(&text), HashFault::TooCostly, "{method}");
        }
        assert!(super::super::check(&format!("pbkdf2:sha256:2000000$salt${half}")).is_ok());
        for times in ["2000001", "99999999999999999999999"] {
            let text = format!("pbkdf2:sha256:{times}$salt${half}");
            assert_eq!(refused(&text), HashFault::TooCostly);
        }
    }

    #[test]
    fn malformed_werkzeug_hash_is_refused() {
        let (long, half) = ("ab".repeat(64), "ab".repeat(32));
        for text in [
            "",
            "plain",
            "$",
            "$$",
            "pbkdf2:sha256",
            "pbkdf2:shake_128:1000$salt$abcd",
            "pbkdf2:md5-sha1:1000$salt$abcd",
            "adler32$salt$abcd",
            "pbkdf2:sha256$salt$abcd",
            "scrypt:32768:8$salt$abcd",
            "bcrypt:12$salt$abcd",
        ] {
            assert_eq!(refused(text), HashFault::Unknown, "{text}");
        }
        for text in [
            "pbkdf2:sha256:1000".to_owned() + "$salt",
            format!("sha256$salt${long}"),
            format!("sha256${half}"),
            format!("md5$salt${half}"),
            format!("scrypt:32767:8:1$salt${long}"),
            format!("scrypt:0:8:1$salt${long}"),
            format!("scrypt:1:8:1$salt${long}"),
            format!("scrypt:+32768:8:1$salt${long}"),
            format!("scrypt:32768:0:1$salt${long}"),
            format!("scrypt:32768:8:1$$ {long}"),
            format!("scrypt:32768:8:1$salt${half}"),
            format!("scrypt:32768:8:1$salt${long}0"),
            format!("pbkdf2:sha256:0$salt${half}"),
            format!("pbkdf2:sha256:-1$salt${half}"),
            format!("pbkdf2:sha256:1000$${half}"),
            format!("pbkdf2:sha256:1000$salt${}zz", &half[2..]),
            format!("pbkdf2:sha256:1000$salt$sa${half}"),
            format!("pbkdf2:sha1:1000$salt${half}"),
        ] {
            assert_eq!(refused(&text), HashFault::Damaged, "{text}");
        }
    }

    #[test]
    fn plain_password_is_refused_as_such() {
        for text in ["plain$$correct horse", "plain$salt$correct horse"] {
            assert_eq!(refused(text), HashFault::Plain, "{text}");
        }
    }
}
