//! What a connector may send: a request goes out only if the manifest asked for it *and* a person granted it.
//!
//! Endpoint names, methods and path patterns; nothing here knows the network. The path is judged exactly as it will
//! be sent: what a server could read in two ways is covered by no pattern ([`super::manifest::PathPattern::matches`]).

use std::collections::BTreeMap;

use super::manifest::{Allow, Manifest, Method};

/// Rules per endpoint name.
pub type Rules = BTreeMap<String, Vec<Allow>>;

/// The grants of one revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    asked: Rules,
    granted: Rules,
}

impl Grants {
    /// `asked` is what the manifest names, `granted` what a person approved; each may be the wider one.
    pub fn new(asked: Rules, granted: Rules) -> Self {
        Self { asked, granted }
    }

    /// Everything the manifest asks for, approved as it stands.
    pub fn all_of(manifest: &Manifest) -> Self {
        let asked: Rules = manifest
            .endpoints
            .iter()
            .map(|endpoint| (endpoint.name.as_str().to_owned(), endpoint.allow.clone()))
            .collect();
        Self::new(asked.clone(), asked)
    }

    /// What the manifest asks for, as far as a person granted it.
    pub fn granted(manifest: &Manifest, granted: Rules) -> Self {
        Self {
            granted,
            ..Self::all_of(manifest)
        }
    }

    /// Nothing may go out.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether a request with this method and path (below the base URL, without query) may go to this endpoint.
    pub fn permits(&self, endpoint: &str, method: Method, path: &str) -> bool {
        [&self.asked, &self.granted].into_iter().all(|rules| {
            rules.get(endpoint).is_some_and(|rules| {
                rules
                    .iter()
                    .any(|rule| rule.method == method && rule.path.matches(path))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(endpoint: &str, allow: &[&str]) -> Rules {
        let allow = allow
            .iter()
            .map(|rule| Allow::try_from(rule.to_string()).unwrap())
            .collect();
        BTreeMap::from([(endpoint.to_owned(), allow)])
    }

    fn one(rule: &str) -> Grants {
        Grants::new(rules("api", &[rule]), rules("api", &[rule]))
    }

    #[test]
    fn a_request_needs_both_the_asking_and_the_grant() {
        let grants = Grants::new(
            rules("api", &["GET /offerings/*", "PUT /offerings/*"]),
            rules("api", &["GET /**"]),
        );
        assert!(grants.permits("api", Method::Get, "/offerings/1"));
        assert!(
            !grants.permits("api", Method::Put, "/offerings/1"),
            "asked, not granted"
        );
        assert!(!grants.permits("api", Method::Get, "/persons/1"), "granted, not asked");
        assert!(!grants.permits("other", Method::Get, "/offerings/1"));
        assert!(!Grants::none().permits("api", Method::Get, "/"));
    }

    #[test]
    fn a_star_is_one_segment_and_a_double_star_the_rest() {
        assert!(!one("GET /offerings/*").permits("api", Method::Get, "/offerings/1/associations"));
        assert!(!one("GET /offerings/*").permits("api", Method::Get, "/offerings/"));
        assert!(!one("GET /offerings/*").permits("api", Method::Get, "/offerings"));
        assert!(one("GET /offerings/**").permits("api", Method::Get, "/offerings/1/associations"));
        assert!(!one("GET /offerings/**").permits("api", Method::Get, "/offerings"));
        assert!(one("GET /").permits("api", Method::Get, "/"));
        assert!(!one("GET /").permits("api", Method::Get, "/x"));
    }

    #[test]
    fn names_and_paths_are_compared_exactly() {
        let grants = one("GET /offerings/*");
        assert!(!grants.permits("API", Method::Get, "/offerings/1"));
        assert!(!grants.permits("api", Method::Get, "/Offerings/1"));
        assert!(!grants.permits("api", Method::Get, "offerings/1"));
    }

    #[test]
    fn ways_around_a_pattern_are_covered_by_none() {
        let grants = one("GET /documents/**");
        for path in [
            "/documents/../persons",
            "/documents/..",
            "/documents/./x",
            "/documents//x",
            "/documents/x/",
            "//documents/x",
            "/documents/%2e%2e/persons",
            "/documents/%2E%2E/persons",
            "/documents/.%2e/x",
            "/documents/x%2f..%2fpersons",
            "/documents/x%5c..%5cpersons",
            "/documents/..\\persons",
            "/documents\\x",
            "/documents/x?y=/",
            "/documents/x#y",
            "/documents/%252e%252e/x",
            "/documents/x%00",
            "/documents/x\r\nHost: evil",
            "/documents/x y",
            "/documents/é",
            "",
            "/",
            "documents/x",
            "https://evil.example/documents/x",
        ] {
            assert!(!grants.permits("api", Method::Get, path), "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_permitted_stays_below_the_granted_folder_when_a_url_is_made_of_it(path in "[/.%a-f0-9\\\\~@:;?#]{0,24}") {
            let path = format!("/documents/{path}");
            if one("GET /documents/**").permits("api", Method::Get, &path) {
                let url = reqwest::Url::parse(&format!("https://vendor.example/api{path}")).unwrap();
                prop_assert_eq!(url.path(), format!("/api{path}"));
                prop_assert_eq!(url.host_str(), Some("vendor.example"));
            }
        }
    }
}
