//! The faults of a file that is not a signing key, with a way for its maker to get one from it.

/// The fault of a file that is not a signing key. It follows the file's name: `KEY.pem: is …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// PKCS#8 or PKCS#1 behind a pass phrase.
    #[error(
        "is encrypted with a pass phrase, which a server that starts by itself can't type; \
         decrypt a copy of it: openssl pkey -in FILE -out PLAIN.pem"
    )]
    Encrypted,
    /// `ssh-keygen` without `-m PEM`.
    #[error(
        "is a private key in OpenSSH's own format; convert a copy of it, which works for RSA keys: \
         ssh-keygen -p -m PEM -N '' -f COPY"
    )]
    OpenSsh,
    /// The public half, in any form.
    #[error("is a public key; give the private key file that it was made from")]
    Public,
    /// X.509.
    #[error("is a certificate, which holds only a public key; give its private key file")]
    Certificate,
    /// EC, Ed25519, DSA, or RSA for PSS alone.
    #[error(
        "is a private key of another kind ({0}); RS256 takes RSA: \
         openssl genrsa -out FILE 4096"
    )]
    OtherKind(&'static str),
    /// DER, or something else that begins like it.
    #[error("is binary, not PEM; if it is DER: openssl pkey -inform DER -in FILE -out KEY.pem")]
    Binary,
    /// PKCS#12, also named PFX: key and certificates behind a password (RFC 7292).
    #[error(
        "is a PKCS#12 bundle; take the private key out of it: \
         openssl pkcs12 -in FILE -nodes -nocerts -out key.pem"
    )]
    Pkcs12,
    /// Text in the encoding of some programs of Windows.
    #[error("is UTF-16 text; save it as UTF-8")]
    Utf16,
    /// More than one private key, in any form.
    #[error("holds more than one private key; leave only the key that is to sign")]
    SeveralKeys,
    /// A PEM block of another kind.
    #[error(
        "holds no private key; make one with: openssl genrsa -out FILE 4096, \
         or ssh-keygen -t rsa -b 4096 -m PEM -f FILE"
    )]
    NotAKey,
    /// Cut off, or with a damaged line.
    #[error("is cut off or damaged; copy it again from where it came from")]
    Damaged,
    /// Numbers that do not belong together.
    #[error(
        "is damaged: its numbers do not make an RSA key; copy it again from where it came from"
    )]
    Inconsistent,
    /// More than two primes.
    #[error("has more than two primes, which few programs verify; openssl genrsa -out FILE 4096")]
    ManyPrimes,
    /// Fewer bits than RFC 7518 §3.3 allows.
    #[error(
        "is an RSA key of {0} bits; RS256 takes 2048 at least (RFC 7518): \
         openssl genrsa -out FILE 4096"
    )]
    TooShort(usize),
    /// More bits than a verifier should be asked to work through.
    #[error(
        "is an RSA key of {0} bits; 4096 is the most that guards take: openssl genrsa -out FILE 4096"
    )]
    TooLong(usize),
    /// An exponent that made the signatures of other products forgeable.
    #[error(
        "is an RSA key with an unsafe public exponent; it must be odd and 65537 or more: \
         openssl genrsa -out FILE 4096"
    )]
    Exponent,
    /// Far more than any key needs.
    #[error("is too large to be a key")]
    TooLarge,
}
