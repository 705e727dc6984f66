//! Before the first sitting: units, people, systems and connectors; catalogues; flow 1.

use serde_json::json;

use super::super::client::{Client, list, text};
use super::super::packages::Published;
use super::super::stage::{Cast, POLLED, PUSHES, SIS, TENANT};
use super::super::{DemoError, until};
use super::{PATIENCE, People, others};
use crate::simulator::{Auth, Flow1Push, PeerAccess, Ta};

/// One at each of the two other vendors.
const OTHER_TESTS: usize = 2;

pub(super) async fn set_up(cast: &Cast, published: &Published) -> Result<People, DemoError> {
    let beheer = &cast.beheer;
    for unit in &cast.sis.school().organizations {
        let id = text(unit, "organizationId")?;
        let name = unit["name"][0]["value"]
            .as_str()
            .or(unit["name"].as_str())
            .unwrap_or(&id)
            .to_owned();
        let parent = unit["parent"].as_str();
        beheer
            .put(&format!("/units/{id}"), &json!({ "name": name, "parent": parent }))
            .await?;
    }
    let planner = person(beheer, "planner", "Joris de Wit (examenbureau)", "plannen").await?;
    let commission = person(beheer, "commissie", "Fatima el Amrani (examencommissie)", "vaststellen").await?;

    let trust = json!({ "publisher": published.publisher, "publicKey": published.public_key });
    beheer.post("/publishers", &trust).await?;
    // All are tried in the sandbox while the systems are set up.
    let ta = text(&beheer.upload("/packages", published.ta.clone()).await?, "digest")?;
    let dr = text(&beheer.upload("/packages", published.dr.clone()).await?, "digest")?;
    let of_others = others::upload(beheer, published).await?;

    vendor(cast, &cast.pushes, PUSHES, "Toetsgilde").await?;
    vendor(cast, &cast.polled, POLLED, "Examenatelier").await?;
    student_system(cast).await?;

    for (peer, digest, profile) in [
        (PUSHES, &ta, "oke-1-0-1-push"),
        (POLLED, &ta, "oke-1-0-1-poll"),
        (SIS, &dr, "oke-1-0-1"),
    ] {
        beheer.keuring_passed(digest, PATIENCE).await?;
        beheer.approve(peer, digest, "inrichting").await?;
        let install = json!({ "digest": digest, "profile": profile, "reason": "inrichting" });
        beheer.post(&format!("/peers/{peer}/revisions"), &install).await?;
    }
    others::install(cast, &of_others).await?;
    Ok(People { planner, commission })
}

async fn person(beheer: &Client, id: &str, name: &str, duty: &str) -> Result<Client, DemoError> {
    let made = beheer.post("/accounts", &json!({ "id": id, "name": name })).await?;
    beheer
        .post(
            &format!("/accounts/{id}/assignments"),
            &json!({ "duty": duty, "unit": "*" }),
        )
        .await?;
    Ok(beheer.as_other(&text(&made, "token")?))
}

async fn vendor(cast: &Cast, ta: &Ta, peer: &str, name: &str) -> Result<(), DemoError> {
    cast.beheer
        .post("/peers", &json!({ "id": peer, "hat": "ta", "name": name }))
        .await?;
    let sign_in = match ta.auth() {
        Auth::ApiKey(key) => json!({ "kind": "api-key", "key": key }),
        Auth::Bearer(credentials) => json!({
            "kind": "bearer", "tokenUrl": ta.token_url(), "clientId": credentials.client_id,
            "secret": credentials.client_secret,
        }),
    };
    let reach = json!({ "baseUrl": ta.base_url(), "signIn": sign_in, "allowedAddresses": ["127.0.0.1"] });
    cast.beheer.put(&format!("/peers/{peer}/endpoints/api"), &reach).await?;
    ta.connect_tpl(access(cast, peer, "nl-test-admin-flow-2-3-4").await?);
    Ok(())
}

async fn student_system(cast: &Cast) -> Result<(), DemoError> {
    cast.beheer
        .post(
            "/peers",
            &json!({ "id": SIS, "hat": "dr", "name": "Deelnemerregistratie" }),
        )
        .await?;
    let credentials = cast.sis.credentials();
    let sign_in = json!({
        "kind": "bearer", "tokenUrl": cast.sis.token_url(), "clientId": credentials.client_id,
        "secret": credentials.client_secret,
    });
    let reach = json!({ "baseUrl": cast.sis.base_url(), "signIn": sign_in, "allowedAddresses": ["127.0.0.1"] });
    cast.beheer.put(&format!("/peers/{SIS}/endpoints/api"), &reach).await?;
    cast.sis.connect_tpl(access(cast, SIS, "nl-test-admin-flow-1-5").await?);
    Ok(())
}

async fn access(cast: &Cast, peer: &str, scope: &str) -> Result<PeerAccess, DemoError> {
    let made = cast
        .beheer
        .post(&format!("/peers/{peer}/clients"), &json!({ "scopes": [scope] }))
        .await?;
    Ok(PeerAccess {
        target: format!("{}/oke/{TENANT}/tpl", cast.base),
        token_url: text(&made, "tokenUrl")?,
        client_id: text(&made, "clientId")?,
        client_secret: text(&made, "clientSecret")?,
    })
}

pub(super) async fn catalogues(cast: &Cast) -> Result<(), DemoError> {
    for peer in [PUSHES, POLLED] {
        cast.beheer
            .post(&format!("/peers/{peer}/catalogue/refresh"), &json!({}))
            .await?;
    }
    let expected = cast.pushes.catalogue().tests().len() + cast.polled.catalogue().tests().len() + OTHER_TESTS;
    until("both catalogues are here", PATIENCE, || async {
        let here = list(cast.beheer.get("/components").await?)?.len();
        Ok(if here == expected {
            Ok(())
        } else {
            Err(format!("{here} of {expected} tests"))
        })
    })
    .await
}

pub(super) async fn flow_1(cast: &Cast) -> Result<usize, DemoError> {
    let push = Flow1Push {
        shuffle_seed: Some(7),
        parallel: Some(8),
    };
    let report = cast
        .sis
        .push_flow_1(&push)
        .await
        .map_err(|error| DemoError(format!("flow 1: {error}")))?;
    if !report.all_accepted() {
        return Err(DemoError(format!(
            "flow 1: {} messages were refused: {:?}",
            report.failed.len(),
            report.failed
        )));
    }
    Ok(report.sent())
}
