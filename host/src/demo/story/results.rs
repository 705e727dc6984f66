//! Flows 3, 4 and 5: attendance, percentages and grades, a connector replaced and rolled back meanwhile, a late result,
//! and vaststellen.

use serde_json::{Value, json};

use super::super::client::{list, text};
use super::super::packages::Published;
use super::super::stage::{Cast, POLLED};
use super::super::{DemoError, until};
use super::{PATIENCE, People, arrived, count_deelnames, expected_results, poll, waiting_jobs};
use crate::simulator::{Cesuur, ReportOrder, ResultsOrder};

pub(super) async fn attendance(cast: &Cast, pushed: &[String], polled: &[String]) -> Result<(), DemoError> {
    for (ta, sittings) in [(&cast.pushes, pushed), (&cast.polled, polled)] {
        for sitting in sittings {
            let state = ta.state();
            let absent = state
                .deelnames
                .iter()
                .find(|one| one.offering_id == *sitting && one.role == "student" && one.state == "associated");
            let absent: Vec<String> = absent.map(|one| one.association_id.clone()).into_iter().collect();
            ta.attendance(sitting, &absent)
                .await
                .map_err(|error| DemoError(format!("attendance: {error}")))?;
        }
    }
    poll(cast).await
}

pub(super) async fn percentages(cast: &Cast, sittings: &[String]) -> Result<usize, DemoError> {
    for sitting in sittings {
        let order = ResultsOrder {
            documents: vec![20_000],
            ..ResultsOrder::percentages(sitting)
        };
        cast.pushes
            .results(&order)
            .await
            .map_err(|error| DemoError(format!("percentages: {error}")))?;
    }
    let expected = expected_results(&cast.pushes, sittings);
    until("every percentage is held back", PATIENCE, || async {
        let held = count_deelnames(&cast.beheer, sittings, |one| one["judgement"] == json!("held")).await?;
        Ok(if held == expected {
            Ok(held)
        } else {
            Err(format!("{held} of {expected} are held"))
        })
    })
    .await
}

pub(super) async fn replace_and_roll_back(
    cast: &Cast,
    published: &Published,
    sittings: &[String],
) -> Result<Value, DemoError> {
    let digest = text(
        &cast.beheer.upload("/packages", published.ta_next.clone()).await?,
        "digest",
    )?;
    cast.beheer.keuring_passed(&digest, PATIENCE).await?;
    let first = ResultsOrder {
        documents: vec![5_000_000],
        ..ResultsOrder::grades(&sittings[0])
    };
    let next = json!({ "digest": digest, "profile": "oke-1-0-1-poll",
        "reason": format!("ooapi-ta {}: kleinere pagina's", published.ta_next_version) });
    let path = format!("/peers/{POLLED}/revisions");
    let (results, installed) = tokio::join!(cast.polled.results(&first), cast.beheer.post(&path, &next));
    results.map_err(|error| DemoError(format!("results: {error}")))?;
    installed?;
    poll(cast).await?;
    arrived(cast, &cast.polled, &sittings[..1]).await?;

    for sitting in &sittings[1..] {
        let order = ResultsOrder::grades(sitting);
        cast.polled
            .results(&order)
            .await
            .map_err(|error| DemoError(format!("results: {error}")))?;
    }
    let back = json!({ "reason": "pagina's van 20 geven te veel verzoeken in de toetsweek" });
    let rollback = cast.beheer.post(&format!("/peers/{POLLED}/rollback"), &back).await?;
    poll(cast).await?;
    arrived(cast, &cast.polled, &sittings[1..]).await?;
    Ok(rollback)
}

pub(super) async fn cesuur(cast: &Cast, sittings: &[String]) -> Result<(), DemoError> {
    let component = cast.pushes.catalogue().first_active().id.clone();
    let cesuur = Cesuur {
        component_id: component,
        pass_mark: Some(0.55),
    };
    cast.pushes
        .cesuur(&cesuur)
        .await
        .map_err(|error| DemoError(format!("cesuur: {error}")))?;
    arrived(cast, &cast.pushes, sittings).await
}

pub(super) async fn reports(cast: &Cast, pushed: &[String], polled: &[String]) -> Result<(), DemoError> {
    for (ta, sittings) in [(&cast.pushes, pushed), (&cast.polled, polled)] {
        for sitting in sittings {
            let order = ReportOrder {
                offering_id: sitting.clone(),
                irregularities: "Brandalarm om 10.20 uur, tien minuten onderbroken.".to_owned(),
                documents: vec![40_000, 8_000],
            };
            ta.report(&order)
                .await
                .map_err(|error| DemoError(format!("report: {error}")))?;
        }
    }
    cast.beheer
        .post(&format!("/peers/{POLLED}/poll"), &json!({ "what": "reports" }))
        .await?;
    Ok(())
}

pub(super) async fn late_result(cast: &Cast, deelname: &str, enrolment: &str) -> Result<(), DemoError> {
    cast.pushes
        .late_result(deelname)
        .await
        .map_err(|error| DemoError(format!("late result: {error}")))?;
    until("the late result has reached the student system", PATIENCE, || async {
        let state = cast.sis.state();
        let one = state.associations.iter().find(|one| one.association_id == enrolment);
        let there = one.is_some_and(|one| one.result.as_ref().is_some_and(|result| result["state"] == "completed"));
        Ok(if there {
            Ok(())
        } else {
            Err("it is not there".to_owned())
        })
    })
    .await
}

pub(super) async fn decide(cast: &Cast, people: &People, sittings: &[String]) -> Result<usize, DemoError> {
    let mut decided = 0;
    for sitting in sittings {
        let shown = people.commission.get(&format!("/sittings/{sitting}")).await?;
        let ready: Vec<Value> = list(shown["deelnames"].clone())?
            .into_iter()
            .filter(|one| one["judgement"] == json!("accepted") && one["decided"] == json!("undecided"))
            .filter(|one| one["resultState"] == json!("completed"))
            .map(|one| json!({ "deelname": one["id"], "seq": one["resultSeq"] }))
            .collect();
        let body = json!({ "results": ready, "reason": "vergadering examencommissie" });
        let answers = list(people.commission.post("/decisions", &body).await?)?;
        if let Some(refused) = answers.iter().find(|one| !one["refused"].is_null()) {
            return Err(DemoError(format!(
                "a result could not be vastgesteld: {}",
                refused["refused"]
            )));
        }
        decided += answers.len();
    }
    until(
        "every vastgesteld result is confirmed by the student system",
        PATIENCE,
        || async {
            let open = count_deelnames(&cast.beheer, sittings, |one| {
                one["decided"] == json!("vastgesteld") && one["confirmedSeq"] != one["resultSeq"]
            })
            .await?;
            let waiting = waiting_jobs(cast).await?;
            Ok(if open == 0 && waiting == 0 {
                Ok(())
            } else {
                Err(format!("{open} are not, {waiting} jobs wait"))
            })
        },
    )
    .await?;
    cast.sis.documents_settled().await;
    Ok(decided)
}
