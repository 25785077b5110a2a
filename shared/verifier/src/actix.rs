//! The verifier in actix: support for its header type, and refusals as responses.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::{HttpResponse, ResponseError};

use super::{Refusal, RequestHeaders};

impl RequestHeaders for HeaderMap {
    fn values<'h>(&'h self, name: &'static str) -> impl Iterator<Item = &'h [u8]> {
        self.get_all(name).map(HeaderValue::as_bytes)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for field in self.headers() {
            response.insert_header(field);
        }
        response.body(self.body())
    }
}
