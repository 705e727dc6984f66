//! The standard's faces as routers, the token endpoint and scopes (`§5`).
