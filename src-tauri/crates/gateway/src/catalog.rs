//! Model lists: merged over channels, their upstreams, aliases and `auto`, in the shape that the client reads.

use axum::body::Body;
use config::{Catalog, Snapshot};
use http::{HeaderValue, Response, StatusCode, header, request::Parts};
use wire::{
    Protocol,
    errors::Kind,
    models::{self, ListShape, Page},
};

use crate::refusal::Refusal;

/// Lists name no real dates; one fixed second (1 January 2025) keeps equal lists equal.
const CREATED_S: u64 = 1_735_689_600;

/// Answers at once with what is known now.
pub(crate) fn answer(
    snapshot: &Snapshot,
    catalog: &Catalog,
    shape: ListShape,
    id: Option<&str>,
    parts: &Parts,
    protocol: Protocol,
) -> Response<Body> {
    let listed = config::model_names(snapshot, catalog);
    let body = match id {
        None => models::list(shape, &listed, &page(shape, parts), CREATED_S),
        Some(id) => match listed.iter().find(|model| model.id.eq_ignore_ascii_case(id)) {
            Some(model) => models::one(shape, model, CREATED_S),
            None => {
                let message = format!("no channel lists the model {id:?}");
                return Refusal::new(StatusCode::NOT_FOUND, Kind::NotFound, message)
                    .code("model_not_found")
                    .render(protocol);
            }
        },
    };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn page(shape: ListShape, parts: &Parts) -> Page {
    let query = parts.uri.query().unwrap_or_default();
    Page::from_pairs(shape, url::form_urlencoded::parse(query.as_bytes()))
}
