//! The standard's shape of an error (R21): `application/problem+json` with `status` as text, `title` and `detail`.
//! The statuses are the standard's; oversize and a wrong media type are 400.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::error;

use crate::app::Refused;
use crate::store::StoreError;

/// An answer that says no.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    /// 400: the message can't be taken; what, where, and how to mend it.
    pub fn bad(detail: impl Into<String>) -> Self {
        Problem {
            status: StatusCode::BAD_REQUEST,
            detail: detail.into(),
        }
    }

    /// 401: no token, or none that counts now.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Problem {
            status: StatusCode::UNAUTHORIZED,
            detail: detail.into(),
        }
    }

    /// 403: a token without the scope this takes.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Problem {
            status: StatusCode::FORBIDDEN,
            detail: detail.into(),
        }
    }

    /// 404.
    pub fn absent(detail: impl Into<String>) -> Self {
        Problem {
            status: StatusCode::NOT_FOUND,
            detail: detail.into(),
        }
    }

    /// 405.
    pub fn method(detail: impl Into<String>) -> Self {
        Problem {
            status: StatusCode::METHOD_NOT_ALLOWED,
            detail: detail.into(),
        }
    }

    /// 500: a system behind this host doesn't answer now (the standard knows no 502 or 503).
    pub fn unreachable(detail: impl Into<String>) -> Self {
        Problem {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            detail: detail.into(),
        }
    }

    /// 500, for which the log has the cause.
    pub fn ours(cause: &dyn std::error::Error) -> Self {
        error!("a message could not be stored through our own fault: {cause}");
        let detail = "this host could not store the message; nothing of it was kept, please send it again".to_owned();
        Problem {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            detail,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Problem");
        let body = json!({ "status": self.status.as_u16().to_string(), "title": title, "detail": self.detail });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unknown { .. } => Problem::absent(refused.to_string()),
            failure if failure.is_failure() => Problem::ours(&failure),
            other => Problem::bad(other.to_string()),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Problem::ours(&error)
    }
}
