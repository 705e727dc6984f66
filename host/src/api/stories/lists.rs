//! Stories of lists that show an account what its functions reach, in pages: proposals, waiting needs, messages, deadlines.

use super::*;
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::store::needs::StandingRow;

/// Two sittings of two units, each with a deelname that has a result.
struct Two {
    door: Door,
    everywhere: String,
    zorg: (String, String),
    techniek: (String, String),
}

async fn two(bench: Bench) -> Two {
    let door = Door::open(bench).await;
    door.put_unit("zorg", None).await;
    door.put_unit("techniek", None).await;
    let everywhere = door.hire("bureau", "plannen", WHOLE_SCHOOL).await;
    let mut made = Vec::new();
    for unit in ["zorg", "techniek"] {
        let sitting = door.plan(&everywhere, Some(unit)).await;
        let deelname = door.deelname_with_result(&everywhere, &sitting).await;
        made.push((sitting, deelname));
    }
    let techniek = made.pop().unwrap();
    Two {
        door,
        everywhere,
        zorg: made.pop().unwrap(),
        techniek,
    }
}

/// R24.
#[tokio::test]
async fn proposals_are_shown_to_who_decides_there_and_in_pages() {
    on_each_database(|bench| async move {
        let Two {
            door, zorg, techniek, ..
        } = two(bench).await;
        let ec = door.hire("ec", Duty::Vaststellen.name(), WHOLE_SCHOOL).await;
        let of_zorg = door.hire("ec-zorg", Duty::Vaststellen.name(), "zorg").await;
        for (_, deelname) in [&zorg, &techniek] {
            let seen = json!({ "results": [{ "deelname": deelname, "seq": 1 }] });
            door.call(&ec, Method::POST, "/decisions", &seen).await.ok();
            let propose = json!({ "kind": "withdrawal", "seq": 1, "reason": "fraudeonderzoek" });
            let path = format!("/deelnames/{deelname}/proposals");
            door.call(&ec, Method::POST, &path, &propose).await.ok();
        }
        let seen = door.get(&of_zorg, "/proposals").await.ok();
        assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
        assert_eq!(seen[0]["deelname"], json!(zorg.1));
        let pages = door.walk(&ec, "/proposals?pageSize=1").await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
        assert_ne!(pages[0], pages[1]);
    })
    .await;
}

/// R24.
#[tokio::test]
async fn waiting_needs_are_shown_to_who_plans_there_and_in_pages() {
    on_each_database(|bench| async move {
        let Two {
            door,
            everywhere,
            zorg,
            techniek,
        } = two(bench).await;
        let of_zorg = door.hire("bureau-zorg", "plannen", "zorg").await;
        let mut set = WriteSet::of(SCHOOL);
        for (_, deelname) in [&zorg, &techniek] {
            let waits = StandingRow {
                tenant: SCHOOL.to_owned(),
                association: deelname.clone(),
                peer: VENDOR.to_owned(),
                by_hand: false,
                blocked: true,
                at: door.core.now(),
                version: 0,
            };
            set.put(waits.next());
        }
        door.core.commit(set).await.unwrap();
        let path = format!("/peers/{VENDOR}/needs/blocked");
        let seen = door.get(&of_zorg, &path).await.ok();
        assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
        assert_eq!(seen[0]["deelname"], json!(zorg.1));
        let first = door.get(&everywhere, &format!("{path}?pageSize=1")).await;
        assert!(first.link.is_some(), "there is another page");
        assert_eq!(first.ok().as_array().unwrap().len(), 1);
        assert_eq!(door.get(&everywhere, &path).await.ok().as_array().unwrap().len(), 2);
    })
    .await;
}

/// R24: a message is its sitting's; what concerns the whole vendor is the school's.
#[tokio::test]
async fn messages_are_shown_to_who_plans_there() {
    on_each_database(|bench| async move {
        let Two {
            door,
            everywhere,
            zorg,
            techniek,
        } = two(bench).await;
        let of_zorg = door.hire("bureau-zorg", "plannen", "zorg").await;
        let path = format!("/jobs?peer={VENDOR}&state=ready");
        let lanes = |body: Value| {
            let all = body.as_array().unwrap().iter();
            all.map(|one| one["lane"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let all = lanes(door.get(&everywhere, &path).await.ok());
        let mut theirs = lanes(door.get(&of_zorg, &path).await.ok());
        let of = |(sitting, deelname): &(String, String)| {
            [format!("2/association/{deelname}"), format!("2/offering/{sitting}")]
        };
        assert!(of(&techniek).iter().all(|lane| all.contains(lane)), "{all:?}");
        theirs.sort();
        theirs.dedup();
        assert_eq!(theirs, of(&zorg));
        let pages = door.walk(&of_zorg, &format!("{path}&pageSize=1")).await;
        assert_eq!(pages.len(), pages.concat().len());
    })
    .await;
}

/// R24.
#[tokio::test]
async fn deadlines_are_shown_to_who_works_there() {
    on_each_database(|bench| async move {
        let door = Door::open(bench).await;
        door.put_unit("zorg", None).await;
        door.put_unit("techniek", None).await;
        let everywhere = door.hire("bureau", "plannen", WHOLE_SCHOOL).await;
        let of_zorg = door.hire("bureau-zorg", "plannen", "zorg").await;
        for unit in ["zorg", "techniek"] {
            let sitting = door.plan(&everywhere, Some(unit)).await;
            let person = json!({ "displayName": "Jip Jansen", "affiliation": "guest" });
            let person = door.call(&everywhere, Method::POST, "/persons", &person).await.ok();
            let add = json!([{ "person": person["id"], "role": "student" }]);
            let path = format!("/sittings/{sitting}/deelnames");
            door.call(&everywhere, Method::POST, &path, &add).await.ok();
        }
        door.clock.advance(SignedDuration::from_hours(24 * 14));
        let units = |body: Value| {
            let all = body.as_array().unwrap().iter();
            all.map(|one| one["unit"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let seen = door.get(&of_zorg, "/deadlines").await.ok();
        assert_eq!(
            (&seen[0]["kind"], &seen[0]["count"]),
            (&json!("assess"), &json!(1)),
            "{seen}"
        );
        assert!(seen[0]["late"].as_u64().unwrap() > 0, "{seen}");
        assert_eq!(units(seen), ["zorg"]);
        assert_eq!(units(door.get(&everywhere, "/deadlines").await.ok()).len(), 2);
    })
    .await;
}
