//! What people and monitoring see.

use crate::clients::Shown;
use crate::plane::Plane;
use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::spawn_blocking;

type Shared = State<Arc<Plane>>;

/// All that is answered over HTTP. Where tokens are asked for, `/v1` needs one
/// that sees every namespace.
pub(crate) fn router(plane: Arc<Plane>) -> Router {
    let v1 = Router::new()
        .route("/v1/rules", get(rules))
        .route("/v1/clients", get(clients))
        .route("/v1/services", get(services))
        .layer(from_fn_with_state(plane.clone(), admit));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(v1)
        .with_state(plane)
}

async fn admit(State(plane): Shared, request: Request, next: Next) -> Response {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let admitted = plane.access.borrow().admit(authorization);
    match admitted {
        Ok(None) => next.run(request).await,
        Ok(Some(rights)) if rights.sees_all() => next.run(request).await,
        Ok(Some(rights)) => {
            let message = format!("the token {} does not see every namespace", rights.name);
            (StatusCode::FORBIDDEN, Json(json!({"error": message}))).into_response()
        }
        Err(status) => {
            let challenge =
                HeaderMap::from_iter([(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"))]);
            (StatusCode::UNAUTHORIZED, challenge, Json(json!({"error": status.message()}))).into_response()
        }
    }
}

/// Rules have been read, and it is not about to stop.
async fn ready(State(plane): Shared) -> Response {
    let is_ready = plane.snapshot.borrow().since.is_some();
    match (*plane.stopping.borrow(), is_ready) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response(),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "no rules yet\n").into_response(),
        (false, true) => "ready\n".into_response(),
    }
}

async fn metrics(State(plane): Shared) -> Response {
    let text = plane.counts.text(&plane.gauges());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// The rules that are served, and all that is wrong with them.
async fn rules(State(plane): Shared) -> Json<Value> {
    // With thousands of documents it takes a while.
    Json(spawn_blocking(move || shown(&plane)).await.unwrap_or_default())
}

fn shown(plane: &Plane) -> Value {
    let snapshot = plane.snapshot.borrow().clone();
    let catalog = &snapshot.catalog;
    let documents: Vec<Value> = catalog
        .documents()
        .map(|one| {
            let mut shown = json!({
                "kind": one.identity.kind,
                "namespace": one.identity.namespace,
                "name": one.identity.name,
            });
            if let Some(app) = one.app() {
                shown["app"] = app.into();
            }
            // A mistake stands in the report.
            if one.is_good
                && let Some(why) = one.unsaid()
            {
                shown["onlyWhole"] = why.into();
            }
            shown
        })
        .collect();
    let mut report = serde_json::to_value(&catalog.report).unwrap_or_default();
    if let Some(report) = report.as_object_mut() {
        report.remove("version");
    }
    json!({
        "version": snapshot.version,
        "since": snapshot.since.map(|since| humantime::format_rfc3339_millis(since).to_string()),
        "error": plane.trouble(),
        "polling": plane.polling(),
        "files": catalog.files().collect::<Vec<_>>(),
        "documents": documents,
        "report": report,
    })
}

async fn clients(State(plane): Shared) -> Json<Value> {
    let clients: Vec<Shown> = plane.clients.all().iter().map(|client| Shown::of(client)).collect();
    Json(json!({"clients": clients}))
}

async fn services(State(plane): Shared) -> Json<Value> {
    Json(json!({"processes": plane.services.all()}))
}
