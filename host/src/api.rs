//! The management API, version 1, with its OpenAPI document and problem responses.
