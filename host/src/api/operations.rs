//! How a noun tells its routes: the router, and with it the list of what it serves. The OpenAPI document is held
//! against that list by a test, so that nothing is served without being documented, nor documented without being served.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::routing::{self, MethodRouter};

use super::Service;

/// Routes, and what they are.
#[derive(Default)]
pub struct Operations {
    router: Router<Service>,
    served: Vec<(&'static str, &'static str)>,
}

impl Operations {
    /// `GET path`.
    #[must_use]
    pub fn get<H: Handler<T, Service>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.on("get", path, routing::get(handler))
    }

    /// `POST path`.
    #[must_use]
    pub fn post<H: Handler<T, Service>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.on("post", path, routing::post(handler))
    }

    /// `PUT path`.
    #[must_use]
    pub fn put<H: Handler<T, Service>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.on("put", path, routing::put(handler))
    }

    /// `DELETE path`.
    #[must_use]
    pub fn delete<H: Handler<T, Service>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.on("delete", path, routing::delete(handler))
    }

    fn on(mut self, method: &'static str, path: &'static str, handler: MethodRouter<Service>) -> Self {
        self.router = self.router.route(path, handler);
        self.served.push((method, path));
        self
    }

    /// These and those of another noun.
    #[must_use]
    pub fn and(mut self, others: Operations) -> Self {
        self.router = self.router.merge(others.router);
        self.served.extend(others.served);
        self
    }

    /// These, with bodies of at most so many bytes.
    #[must_use]
    pub fn with_bodies_up_to(mut self, bytes: usize) -> Self {
        self.router = self.router.layer(DefaultBodyLimit::max(bytes));
        self
    }

    /// Method, in small letters, and path of each.
    #[must_use]
    pub fn served(&self) -> &[(&'static str, &'static str)] {
        &self.served
    }

    /// The routes alone.
    pub fn into_router(self) -> Router<Service> {
        self.router
    }
}
