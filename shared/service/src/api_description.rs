//! The parts that the API descriptions of both services share.

use signet_contract::bearer::{ACCESS_TOKEN_HEADER, TokenRefused};
use signet_contract::problem::Problem;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{AnyOfBuilder, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::{AllOfBuilder, ObjectBuilder, OpenApi, PathItem, RefOr, Schema};
use utoipa::{IntoResponses, Modify, PartialSchema, ToSchema};

/// The refusals of a route that requires a token. No code makes this type: the verifier answers.
#[derive(IntoResponses)]
pub enum TokenRefusals {
    /// The request has more than one token.
    #[response(status = 400, content_type = "application/problem+json")]
    Ambiguous(Problem),
    /// The token is missing or not good.
    #[response(status = 401, headers(("WWW-Authenticate" = String, description = "`Bearer`, with the reason of the refusal (RFC 6750).")))]
    Unauthorized(TokenRefused),
    /// The token is good, but it does not grant this.
    #[response(status = 403, content_type = "application/problem+json", headers(("WWW-Authenticate" = String, description = "`Bearer error=\"insufficient_scope\"` (RFC 6750).")))]
    Forbidden(Problem),
}

/// Returns a security scheme for access tokens in `Authorization: Bearer`.
pub fn bearer(description: &str) -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("at+jwt");
    SecurityScheme::Http(scheme.description(Some(description)).build())
}

/// Completes a description with what holds for every route of both services.
pub struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut OpenApi) {
        // Relative to the address of the description, which may be below a path of a proxy.
        let server = ServerBuilder::new().url(".");
        let server = server.description(Some("The service that sent this description."));
        document.servers = Some(vec![server.build()]);

        let components = document.components.get_or_insert_default();
        components.schemas.insert(TokenRefused::name().into_owned(), TokenRefused::schema());
        let value = ApiKeyValue::with_description(
            ACCESS_TOKEN_HEADER,
            "The same token in the older header. A request has one of the two headers, not both.",
        );
        let older = SecurityScheme::ApiKey(ApiKey::Header(value));
        components.add_security_scheme("x_access_token", older);

        for operation in document.paths.paths.values_mut().flat_map(operations) {
            for parameter in operation.parameters.iter_mut().flatten() {
                describe_parameter(parameter);
            }
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                describe_body(body);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
}

/// Allows an empty text for a query parameter of a fixed form: it counts as none.
fn describe_parameter(parameter: &mut RefOr<Parameter>) {
    let RefOr::T(parameter) = parameter else { return };
    if let Some(RefOr::T(Schema::Object(form))) = &parameter.schema
        && matches!(parameter.parameter_in, ParameterIn::Query)
        && form.schema_type == SchemaType::Type(Type::String)
        && (form.enum_values.is_some() || form.format.is_some())
    {
        let empty = ObjectBuilder::new().schema_type(Type::String).max_length(Some(0));
        let either = AnyOfBuilder::new().item(form.clone()).item(empty);
        parameter.schema = Some(Schema::AnyOf(either.build()).into());
    }
}

/// Describes a body as strictly as the services read it. A body that may be left out is not `null`,
/// and each field of a form is one text. A name in a multipart form has no control characters.
fn describe_body(body: &mut RequestBody) {
    for (name, media) in &mut body.content {
        let RefOr::T(media) = media else { continue };
        if let Some(RefOr::T(Schema::OneOf(either))) = &media.schema {
            media.schema = either.items.iter().find(|item| matches!(item, RefOr::Ref(_))).cloned();
        }
        let text = ObjectBuilder::new().schema_type(Type::String);
        let texts = ObjectBuilder::new().additional_properties(Some(text));
        let texts = match name.as_str() {
            "application/x-www-form-urlencoded" => texts,
            "multipart/form-data" => {
                let name = ObjectBuilder::new().schema_type(Type::String);
                let name = name.pattern(Some(r"^[^\x00-\x1F\x7F]*$"));
                texts.property_names(Some(name))
            }
            _ => continue,
        };
        let all = media.schema.take().into_iter().fold(AllOfBuilder::new(), AllOfBuilder::item);
        media.schema = Some(Schema::AllOf(all.item(texts).build()).into());
    }
}
