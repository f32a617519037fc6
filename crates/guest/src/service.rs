//! From Spin's request to an operation, and back.
//!
//! Everything that holds for every route of every component is here: the request id, the limit of
//! the body, the deadline, `Content-Length`, what caches may do, CORS, and problems for what is not
//! there or must not be twice.

use std::cell::OnceCell;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::RawPathParams;
use axum::extract::rejection::RawPathParamsRejection;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use domain::code::Code;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use send_wrapper::SendWrapper;
use tower_service::Service;

use crate::call::Call;
use crate::clock::{REQUEST_DEADLINE, within};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::stream::Opening;
use crate::variables;

/// The largest body that is read, in bytes. The largest honest one is an event with 64 sections,
/// about 8 KiB.
const BODY_LENGTH_MAX: usize = 64 * 1024;
/// Of a longer body this much is read and dropped: more than any honest mistake has.
const BODY_DRAINED_MAX: usize = 8 * 1024 * 1024;
/// The longest request id that is taken over from a client.
const REQUEST_ID_LENGTH_MAX: usize = 128;
/// What a browser may send and read from another origin.
const CORS_ALLOWED_METHODS: &str = "GET, POST, PUT, DELETE";
const CORS_ALLOWED_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, X-Queue-Pass, \
     X-Queue-Receipt, X-Request-Id, If-None-Match, Last-Event-ID";
const CORS_EXPOSED_HEADERS: &str =
    "X-Request-Id, Retry-After, RateLimit, Idempotent-Replayed, Location, ETag";
/// How long a browser may keep the answer to its preflight, in seconds.
const CORS_MAX_AGE_S: &str = "600";

/// Headers that decide something and must not come twice: whoever reads the first line and whoever
/// reads the last one would not agree. `Authorization` twice is 401, a signature twice its own 400.
const SINGLE_HEADERS: [&str; 6] = [
    "content-type",
    "idempotency-key",
    "last-event-id",
    "origin",
    "x-queue-pass",
    "x-queue-receipt",
];
/// What caches between may do with a reply, unless its operation says otherwise: nothing. Most
/// replies tell of one person, and a route that forgets to say so must not be kept for another.
const CACHE_CONTROL: &str = "no-store";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

type LocalFuture = SendWrapper<Pin<Box<dyn Future<Output = Response>>>>;

/// What a route of axum takes: a function of the parameters in the path and the request.
pub trait RouteHandler:
    Fn(Parameters, axum::extract::Request) -> LocalFuture + Clone + Send + Sync + 'static
{
}

impl<F> RouteHandler for F where
    F: Fn(Parameters, axum::extract::Request) -> LocalFuture + Clone + Send + Sync + 'static
{
}

type Parameters = Result<RawPathParams, RawPathParamsRejection>;

thread_local! {
    /// The routes of this component, built for the first request of the instance.
    static ROUTES: OnceCell<Router> = const { OnceCell::new() };
}

/// What was made of a request before its operation, carried through the router beside its head.
#[derive(Clone)]
struct Accepted {
    /// When it arrived: its deadline counts from there.
    at: Instant,
    /// The whole body.
    body: Bytes,
    /// Names it in replies and logs.
    request_id: String,
    /// Where a stream begins, if its route is one.
    opening: SendWrapper<Opening>,
}

/// Turns an operation into a handler of a route.
///
/// A guest has one thread, so its futures need not be `Send`; axum asks for it all the same, and
/// the wrapper vouches that the future never changes threads.
pub fn action<F, Fut>(operation: F) -> impl RouteHandler
where
    F: Fn(Call) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply, Problem>> + 'static,
{
    patient_action(|_| Duration::ZERO, operation)
}

/// As [`action`], for an operation that waits for something to happen where a request asks for it:
/// `patience` tells how long this one does. So much later it may end than any other.
pub fn patient_action<F, Fut>(patience: fn(&Call) -> Duration, operation: F) -> impl RouteHandler
where
    F: Fn(Call) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply, Problem>> + 'static,
{
    handler(patience, move |call, _| operation(call))
}

/// As [`action`], for an operation that may begin a stream as the body of its reply; see
/// [`serve_stream`](crate::serve_stream).
pub fn stream_action<F, Fut>(operation: F) -> impl RouteHandler
where
    F: Fn(Call, Opening) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply, Problem>> + 'static,
{
    handler(|_| Duration::ZERO, operation)
}

fn handler<F, Fut>(patience: fn(&Call) -> Duration, operation: F) -> impl RouteHandler
where
    F: Fn(Call, Opening) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply, Problem>> + 'static,
{
    move |parameters: Parameters, request: axum::extract::Request| {
        let operation = operation.clone();
        SendWrapper::new(Box::pin(async move {
            let (mut parts, _) = request.into_parts();
            let Some(accepted) = parts.extensions.remove::<Accepted>() else {
                return Problem::internal("a request came past its acceptance").into_response("");
            };
            let Accepted { at, body, request_id, opening } = accepted;
            // A path that is not UTF-8 names nothing of ours.
            let Ok(parameters) = parameters else {
                return Problem::of(Code::NotFound).into_response(&request_id);
            };
            let call = Call::new(&parameters, parts, body, request_id.clone());
            if let Err(problem) = call.check_query() {
                return problem.into_response(&request_id);
            }
            let limit = REQUEST_DEADLINE.saturating_add(patience(&call));
            let left = limit.saturating_sub(at.elapsed());
            match within(left, operation(call, opening.take())).await {
                Some(Ok(reply)) => reply.into_response(),
                Some(Err(problem)) => problem.into_response(&request_id),
                None => too_late(&request_id),
            }
        }))
    }
}

/// Serves one request with the routes of a component, which are always the same.
pub async fn serve(routes: fn() -> Router, request: spin_sdk::http::Request) -> Response {
    let is_head = *request.method() == Method::HEAD;
    with_length(answer(routes, request, Opening::default()).await, is_head)
}

/// Answers one request with the routes of a component: the head is complete but for the length.
pub(crate) async fn answer(
    routes: fn() -> Router,
    request: spin_sdk::http::Request,
    opening: Opening,
) -> Response {
    let at = Instant::now();
    let (mut parts, body) = request.into_parts();
    let request_id = request_id(&parts.headers);
    let origin = parts.headers.get(header::ORIGIN).cloned();
    let preflight = parts.method == Method::OPTIONS && origin.is_some();
    if parts.method == Method::HEAD {
        // Answered as GET, so that the length is GET's; the body is dropped at the end.
        parts.method = Method::GET;
    }

    let mut response = if preflight {
        Reply::no_content().into_response()
    } else {
        // The body is read in any case: who is cut off while still sending does not get to read.
        match (within(REQUEST_DEADLINE, read_body(body)).await, refusal(&parts)) {
            (Some(Some(_)), Some(problem)) => problem.into_response(&request_id),
            (Some(Some(body)), None) => {
                let opening = SendWrapper::new(opening);
                let request_id = request_id.clone();
                parts.extensions.insert(Accepted { at, body, request_id, opening });
                route(routes, http::Request::from_parts(parts, Body::empty())).await
            }
            (Some(None), _) => Problem::of(Code::BodyTooLarge).into_response(&request_id),
            (None, _) => too_late(&request_id),
        }
    };

    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, request_id);
    }
    let headers = response.headers_mut();
    // mutant: replies-may-be-kept
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(CACHE_CONTROL));
    // Also without an origin: what is kept from such a reply must not answer a page of another.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        allow_origin(&mut response, &origin, preflight).await;
    }
    response
}

/// Why a request is refused before any operation sees it: a header that must not come twice.
fn refusal(parts: &http::request::Parts) -> Option<Problem> {
    let doubled = |name: &&str| parts.headers.get_all(*name).iter().nth(1).is_some();
    let name = SINGLE_HEADERS.into_iter().find(doubled)?;
    Some(Problem::new(Code::MalformedRequest, format!("{name} is there twice")))
}

/// The whole body; `None` when it is too long or cut off. Of a body that is too long the rest is
/// read too, within a bound: who is cut off while still sending does not get to read the answer.
async fn read_body(body: impl HttpBody<Data = Bytes>) -> Option<Bytes> {
    let mut body = std::pin::pin!(body);
    let mut kept = BytesMut::new();
    let mut length: usize = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= BODY_LENGTH_MAX {
            kept.extend_from_slice(&data);
        } else if length > BODY_DRAINED_MAX {
            break;
        }
    }
    (length <= BODY_LENGTH_MAX).then(|| kept.freeze())
}

async fn route(routes: fn() -> Router, request: http::Request<Body>) -> Response {
    let built = || {
        routes().fallback(action(not_found)).method_not_allowed_fallback(action(method_not_allowed))
    };
    // A copy shares the routes.
    let mut router = ROUTES.with(|router| router.get_or_init(built).clone());
    match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// In doubt a request is refused: what it began may still happen.
fn too_late(request_id: &str) -> Response {
    Problem::unavailable("the request's deadline passed").into_response(request_id)
}

async fn not_found(_: Call) -> Result<Reply, Problem> {
    Err(Problem::of(Code::NotFound))
}

async fn method_not_allowed(_: Call) -> Result<Reply, Problem> {
    Err(Problem::of(Code::MethodNotAllowed))
}

/// The client's request id when it is harmless in a header and a log, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let harmless = (1..=REQUEST_ID_LENGTH_MAX).contains(&given.len())
        && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    if harmless { given.to_owned() } else { uuid::Uuid::now_v7().hyphenated().to_string() }
}

/// Writes the length of the body into the head: without it a keep-alive client of Spin waits 44 ms
/// for the end of each reply. Every body here is whole, so its length is known.
pub(crate) fn with_length(response: Response, is_head: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let bodiless = matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    match body.size_hint().exact() {
        Some(length) if !bodiless => {
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        _ => {
            parts.headers.remove(header::CONTENT_LENGTH);
        }
    }
    let body = if is_head || bodiless { Body::empty() } else { body };
    Response::from_parts(parts, body)
}

/// Lets a page of an allowed origin read the reply; a page of any other origin cannot.
async fn allow_origin(response: &mut Response, origin: &HeaderValue, preflight: bool) {
    let allowed = variables::text("cors_allowed_origins").await.unwrap_or_default();
    let headers = response.headers_mut();
    if !allowed.split(',').map(str::trim).any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
        return;
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    let exposed = HeaderValue::from_static(CORS_EXPOSED_HEADERS);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    if preflight {
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, CORS_ALLOWED_METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, CORS_ALLOWED_HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, CORS_MAX_AGE_S),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
