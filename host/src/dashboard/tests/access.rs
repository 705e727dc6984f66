//! Stories of who comes in, what is repeated after a lost answer, and the shape of every refusal to a program.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};

use super::running;
use super::stage::{Page, SCHOOL, Stage};
use crate::store::task;

async fn call(stage: &Stage, method: Method, path: &str, body: &str) -> Page {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", stage.token("fb")))
        .header(header::CONTENT_TYPE, "application/json");
    stage.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn says(page: &Page) -> serde_json::Value {
    serde_json::from_str(&page.text).unwrap_or_else(|_| panic!("{} {}", page.status, page.text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_repeated_after_a_lost_answer_does_not_roll_back_twice() {
    let stage = Stage::set().await;
    let path = "/api/v1/peers/toa/rollback";
    let stale = call(&stage, Method::POST, path, r#"{"from":1,"reason":"dubbel"}"#).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text);
    assert_eq!(says(&stale)["reason"], "runs-another");
    assert_eq!(running(&stage).await, Some(2));
    for body in [r#"{"from":2,"reason":"dubbel"}"#, r#"{"reason":"dubbel"}"#] {
        for _repeated in 0..2 {
            let done = call(&stage, Method::POST, path, body).await;
            assert_eq!(done.status, StatusCode::OK, "{}", done.text);
            assert_eq!((&says(&done)["from"], &says(&done)["to"]), (&2.into(), &1.into()));
            assert_eq!(running(&stage).await, Some(1));
        }
    }
    let again = call(&stage, Method::POST, path, r#"{"from":2,"reason":"dubbel"}"#).await;
    assert_eq!(says(&again)["already"], true);
    let rollbacks = stage.core.db.activations(SCHOOL, "toa").await.unwrap();
    assert_eq!(rollbacks.iter().filter(|one| one.kind == "rollback").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_any_function_reads_no_exceptions() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    fb.post("/accounts", &[("id", "piet"), ("naam", "Piet Puk")]).await;
    let renewed = fb.post("/accounts/piet/token", &[]).await;
    let token = token_in(&renewed.text);
    let signed_in = stage.post("/aanmelden", "", &[("token", &token)]).await;
    let cookie = signed_in.cookie.split(';').next().unwrap().to_owned();
    let open = task::open_tasks(&stage.core.db, SCHOOL, 1).await.unwrap();
    for path in ["/uitzonderingen".to_owned(), format!("/uitzonderingen/{}", open[0].id)] {
        let refused = stage.get(&path, &cookie).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(
            refused.text.contains("kan met een functie in deze school"),
            "{}",
            refused.text
        );
        assert!(!refused.text.contains(&open[0].about.title));
    }
}

fn token_in(text: &str) -> String {
    let from = text.find("oke_").unwrap_or_else(|| panic!("no token in {text}"));
    text[from..].chars().take_while(|one| *one != '<').collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_token_is_renewed_and_an_account_shut_out_through_the_page() {
    let stage = Stage::set().await;
    let fb = stage.browser("fb").await;
    let bureau = stage.browser("bureau").await;
    let renewed = fb.post("/accounts/bureau/token", &[]).await;
    assert!(token_in(&renewed.text) != stage.token("bureau"));
    assert!(!fb.get("/accounts/bureau").await.text.contains("oke_"), "shown once");
    assert_eq!(bureau.get("/").await.status, StatusCode::SEE_OTHER, "signed out");

    let no_reason = fb.post("/accounts/bureau/uitschakelen", &[("reden", " ")]).await;
    assert_eq!(no_reason.status, StatusCode::UNPROCESSABLE_ENTITY);
    let out = fb
        .post("/accounts/bureau/uitschakelen", &[("reden", "uit dienst")])
        .await;
    assert_eq!(out.location, "/accounts/bureau?gedaan=uitgeschakeld");
    assert!(
        fb.get("/accounts/bureau")
            .await
            .text
            .contains("kan niemand zich aanmelden")
    );
    let last = fb.post("/accounts/fb/uitschakelen", &[("reden", "weg")]).await;
    assert_eq!(last.status, StatusCode::CONFLICT);
    assert!(last.text.contains("laatste account met ‘beheren’"), "{}", last.text);
    let by_api = call(
        &stage,
        Method::POST,
        "/api/v1/accounts/fb/disable",
        r#"{"reason":"weg"}"#,
    )
    .await;
    assert_eq!(
        (by_api.status, &says(&by_api)["reason"]),
        (StatusCode::CONFLICT, &"last-with-beheren".into())
    );
    let enabled = call(&stage, Method::POST, "/api/v1/accounts/bureau/enable", "").await;
    assert_eq!(enabled.status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_to_a_program_has_the_problem_shape() {
    let stage = Stage::set().await;
    let large = "x".repeat(2 << 20);
    for (method, path, body, status) in [
        (Method::GET, "/api/v1/nothing", "", 404),
        (Method::PATCH, "/api/v1/accounts", "", 405),
        (Method::GET, "/api/v1/peers/%ff/revisions", "", 400),
        (Method::DELETE, "/api/v1/clients/nobody", "", 404),
        (Method::POST, "/api/v1/accounts", &large, 400),
        (Method::POST, "/oke/roc/tpl", "", 405),
        (Method::PUT, "/oke/roc/tpl/persons/%ff", "{}", 401),
    ] {
        let refused = call(&stage, method.clone(), path, body).await;
        assert_eq!(refused.status.as_u16(), status, "{method} {path}: {}", refused.text);
        let said = says(&refused);
        assert_eq!(said["status"], status.to_string(), "{method} {path}");
        assert!(
            said["detail"].as_str().is_some_and(|detail| detail.len() > 10),
            "{said}"
        );
    }
    let client = call(&stage, Method::DELETE, "/api/v1/clients/nobody", "").await;
    assert!(client.text.contains("no client `nobody`"), "{}", client.text);
}
