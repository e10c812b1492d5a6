//! The operations over HTTP: `POST /api/NAME` with the request as JSON, behind the admin token.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::serving::AdminDoor;
use crate::{Fault, FaultCode, Sluice, events, fault};
use store::Kept;

/// Builds the `/api` routes, one for every entry of the table, each behind the admin token.
pub(crate) fn router(sluice: &Arc<Sluice>, door: AdminDoor) -> Router {
    macro_rules! routes {
        ($($name:ident($request:ty) -> $reply:ty;)*) => {
            Router::new()$(.route(
                concat!("/api/", stringify!($name)),
                post(async |State(sluice): State<Arc<Sluice>>, body: Bytes| {
                    answer(async { crate::$name(&sluice, understood(&body)?).await }).await
                }),
            ))*
        };
    }
    let stop = door.stop.clone();
    let table: Router<Arc<Sluice>> = crate::operations!(routes);
    let test_channel = post(async |State(sluice): State<Arc<Sluice>>, body: Bytes| {
        answer(async { crate::test_channel(&sluice, understood(&body)?).await }).await
    });
    table
        // The path that users of the original know.
        .route("/api/channels/test", test_channel)
        .route(
            "/api/events",
            get(async move |State(sluice): State<Arc<Sluice>>| events::stream(&sluice, stop.clone())),
        )
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::new(door), behind_token))
        .with_state(Arc::clone(sluice))
}

/// Lets a request pass that presents the admin token as `Authorization: Bearer`.
async fn behind_token(State(door): State<Arc<AdminDoor>>, request: Request, next: Next) -> Response {
    // A client of ours probes this path; it must learn nothing, not even that there is a token.
    if request.uri().path() == "/api/hello" {
        return StatusCode::NOT_FOUND.into_response();
    }
    if bearer(request.headers()).is_some_and(|token| door.token.accepts(token)) {
        return next.run(request).await;
    }
    let message = format!(
        "this needs the admin token as `Authorization: Bearer`; {}. \
         On the command line `sluice test NAME` and its siblings find it themselves",
        kept_clause(door.token.kept())
    );
    refused(&Fault::new(FaultCode::Unauthorized, message))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// An empty body is an empty object, so that requests with nothing to say need none.
fn understood<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    fault::understood(&mut serde_json::Deserializer::from_slice(body))
}

async fn answer<T: Serialize>(operation: impl Future<Output = Result<T, Fault>>) -> Response {
    match operation.await {
        Ok(reply) => axum::Json(reply).into_response(),
        Err(fault) => refused(&fault),
    }
}

async fn unknown() -> Response {
    refused(&Fault::not_found("there is no such operation"))
}

#[derive(Serialize)]
struct Refused<'a> {
    error: &'a Fault,
}

fn refused(fault: &Fault) -> Response {
    let status = status(fault.code);
    (status, axum::Json(Refused { error: fault })).into_response()
}

fn status(code: FaultCode) -> StatusCode {
    match code {
        FaultCode::Invalid | FaultCode::TooLong => StatusCode::BAD_REQUEST,
        FaultCode::NotFound => StatusCode::NOT_FOUND,
        FaultCode::NameTaken
        | FaultCode::InUse
        | FaultCode::ReadOnly
        | FaultCode::SetByEnvironment
        | FaultCode::Stale
        | FaultCode::OriginChanged
        | FaultCode::PortTaken => StatusCode::CONFLICT,
        FaultCode::VaultLocked | FaultCode::VaultDenied | FaultCode::VaultMissing | FaultCode::VaultHangs => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        FaultCode::VaultWrongPassphrase => StatusCode::FORBIDDEN,
        FaultCode::Unreachable => StatusCode::BAD_GATEWAY,
        FaultCode::Unauthorized => StatusCode::UNAUTHORIZED,
        FaultCode::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Where a secret is to be found, as a clause.
fn kept_clause(kept: &Kept) -> String {
    match kept {
        Kept::Variable(name) => format!("it is in the variable {name}"),
        Kept::File(path) => format!("it is kept in {}", path.display()),
        Kept::Memory => "it was printed when the gateway started".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use axum::body::Body;
    use http_body_util::BodyExt;
    use rstest::rstest;
    use serde_json::Value;
    use store::{AdminToken, Environment, Overrides};
    use tokio_util::sync::CancellationToken;
    use tower::ServiceExt;

    use super::*;
    use crate::OpenOptions;

    async fn door() -> Router {
        let options = OpenOptions {
            environment: Environment::fixed([]),
            config_file: None,
            overrides: Overrides::default(),
            demo: true,
        };
        let sluice = Sluice::open(options).await.unwrap();
        router(
            &sluice,
            AdminDoor { token: AdminToken::in_memory("the-token".into()), stop: CancellationToken::new() },
        )
    }

    async fn ask(path: &str, authorization: Option<&str>, body: &'static str) -> (StatusCode, Value) {
        let mut request = Request::post(path);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let response = door().await.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    #[rstest]
    #[case::none(None)]
    #[case::wrong(Some("Bearer the-tokem"))]
    #[case::longer(Some("Bearer the-token2"))]
    #[case::other_scheme(Some("Basic the-token"))]
    #[case::no_scheme(Some("the-token"))]
    #[tokio::test]
    async fn without_the_token_every_route_is_closed(#[case] authorization: Option<&str>) {
        for path in ["/api/overview", "/api/channels/test", "/api/no_such_operation"] {
            let (status, body) = ask(path, authorization, "{}").await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
            let message = body["error"]["message"].as_str().unwrap();
            assert!(message.contains("admin token") && message.contains("sluice test"), "{message}");
            assert!(message.contains("; it was printed when the gateway started."), "{message}");
        }
    }

    #[rstest]
    #[case::empty_request("/api/list_channels", "", StatusCode::OK)]
    #[case::empty_object("/api/list_channels", "{}", StatusCode::OK)]
    #[case::scheme_in_any_case("/api/overview", "", StatusCode::OK)]
    #[case::route("/api/route_model", r#"{"model": "demo"}"#, StatusCode::OK)]
    #[case::misspelt_field("/api/route_model", r#"{"modle": "demo"}"#, StatusCode::BAD_REQUEST)]
    #[case::no_json("/api/route_model", "{", StatusCode::BAD_REQUEST)]
    #[case::unknown_operation("/api/no_such_operation", "", StatusCode::NOT_FOUND)]
    #[case::unknown_channel("/api/channels/test", r#"{"name": "none"}"#, StatusCode::NOT_FOUND)]
    #[case::unknown_request("/api/why", r#"{"id": "none"}"#, StatusCode::NOT_FOUND)]
    #[tokio::test]
    async fn with_the_token_every_operation_has_its_route(
        #[case] path: &str,
        #[case] body: &'static str,
        #[case] expected: StatusCode,
    ) {
        let (status, reply) = ask(path, Some("bearer the-token"), body).await;
        assert_eq!(status, expected, "{reply}");
    }

    #[tokio::test]
    async fn the_demo_is_edited_in_memory() {
        let options = OpenOptions {
            environment: Environment::fixed([("OPENAI_API_KEY", "sk-of-the-user")]),
            config_file: None,
            overrides: Overrides::default(),
            demo: true,
        };
        let sluice = Sluice::open(options).await.unwrap();
        let switch = serde_json::json!({"name": "flaky", "enabled": false});
        let line = crate::perform(&sluice, "set_channel_enabled", switch).await.unwrap();
        assert_eq!(line["enabled"], false);

        let detail = crate::perform(&sluice, "channel", serde_json::json!({"name": "flaky"})).await.unwrap();
        let mut form = detail["form"].clone();
        form["name"] = "thief".into();
        form["keys"][0]["variable"] = "OPENAI_API_KEY".into();
        let save = serde_json::json!({"original": null, "form": form});
        let thief = crate::perform(&sluice, "save_channel", save).await.unwrap();
        assert!(
            thief["line"]["needs_key"].is_string(),
            "the demo must not reach the user's own keys: {thief}"
        );
    }
}
