//! The way out, against servers on the loopback.

use super::*;

#[test]
fn a_token_endpoint_over_http_beside_an_https_base_is_refused() {
    let grant = endpoint::ClientCredentials {
        token_url: Url::parse("http://vendor.example/token").unwrap(),
        client_id: "school".to_owned(),
        client_secret: Secret::new("s3cret"),
        scope: None,
        secret_in: SecretIn::BasicHeader,
    };
    assert!(Endpoint::new("https://vendor.example", Credentials::ClientCredentials(grant)).is_err());
}

#[tokio::test]
async fn a_literal_address_inside_is_refused_unless_the_grant_names_it() {
    let egress = Egress::default();
    for base in [
        "https://127.0.0.1:1",
        "https://[::1]:1",
        "https://[::ffff:127.0.0.1]:1",
        "https://2130706433:1",
        "https://0x7f.1:1",
        "https://169.254.169.254",
        "https://localhost:1",
        "http://localhost:1",
        "http://93.184.216.34",
    ] {
        let endpoint = Endpoint::new(base, Credentials::None).unwrap();
        assert_eq!(
            get(&egress, &endpoint).await.unwrap_err(),
            EgressFailure::ForbiddenAddress,
            "{base}"
        );
    }
}

#[tokio::test]
async fn a_named_address_is_tried() {
    let egress = Egress::default();
    let endpoint = Endpoint::new("http://127.0.0.1:1", Credentials::None)
        .unwrap()
        .allowing(["127.0.0.0/8".parse().unwrap()]);
    assert!(matches!(
        get(&egress, &endpoint).await,
        Err(EgressFailure::Unreachable(_))
    ));
}

async fn get(egress: &Egress, endpoint: &Endpoint) -> Result<Reply, EgressFailure> {
    let outgoing = Outgoing {
        method: reqwest::Method::GET,
        url: endpoint.url("/x", &[]).unwrap(),
        headers: HeaderMap::new(),
        content: Content::None,
    };
    let deadline = Instant::now() + std::time::Duration::from_secs(5);
    egress.send(endpoint, outgoing, deadline, &Arc::default()).await
}
