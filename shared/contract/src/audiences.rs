//! The audiences of an issuer, as a header field of each `/feed` answer.
//!
//! The members of the `/feed` body are fixed. This field shows a guard if any token can be for it.

use url::form_urlencoded::{byte_serialize, parse};

/// The name of the field. An issuer without this field does not state its audiences.
pub const AUDIENCE_HEADER: &str = "signet-audience";

/// Writes the audiences, percent-encoded and separated by commas.
pub fn write(audiences: &[String]) -> String {
    let encoded = audiences.iter().map(|one| byte_serialize(one.as_bytes()).collect::<String>());
    encoded.collect::<Vec<_>>().join(", ")
}

/// Reads the audiences of a field, without the empty elements (RFC 9110 §5.6.1.2). Returns `None`
/// if no other element is left.
pub fn read(field: &str) -> Option<Vec<String>> {
    let elements = field.split(',').map(str::trim).filter(|one| !one.is_empty());
    let audiences: Vec<_> = elements
        .filter_map(|one| parse(one.as_bytes()).next().map(|(name, _)| name.into_owned()))
        .collect();
    (!audiences.is_empty()).then_some(audiences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_read_as_written() {
        let odd = ["api-service", "https://a.example/x,y?b=c&d=e", "größe", "a+b%41"];
        let audiences = odd.map(str::to_owned).to_vec();
        let field = write(&audiences);
        assert!(field.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{field}");
        assert_eq!(read(&field), Some(audiences));
    }

    #[test]
    fn empty_list_elements_are_ignored() {
        assert_eq!(read(" ,a,, b ,"), Some(vec!["a".into(), "b".into()]));
        assert_eq!(read(" , "), None);
        assert_eq!(read(""), None);
    }
}
