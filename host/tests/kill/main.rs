//! kill -9 at random points under load, with the real binary, over real sockets, through signed connectors: nothing that
//! was answered with 200 is lost, and every receiver ends as if each effect had been sent once (invariants 1 and 4).
//!
//! A student system and a vendor's platform (simulators in this process, which survive) talk to an `oke serve` in a
//! process of its own that is killed and started again all the time. Senders repeat a message until it is
//! acknowledged, and never after.

#![expect(clippy::unwrap_used, reason = "a test ends where its arrangement fails")]

mod bulk;
mod house;
mod load;
mod progress;
mod reconcile;
mod school;

use std::path::PathBuf;

use oke_host::store::testing::TestDatabase;

use house::House;
use progress::{Killer, Progress};
use school::School;

/// Kills per act, of four acts.
const KILLS: usize = 4;

fn guests() -> Option<PathBuf> {
    let guests = std::env::var_os("OKE_GUESTS").map(PathBuf::from);
    if guests.is_none() {
        eprintln!("skipped: OKE_GUESTS names no folder with the connectors' modules; `cargo verify` builds them");
    }
    guests
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_kills_lose_nothing_and_no_receiver_sees_an_effect_twice() {
    let Some(guests) = guests() else { return };
    let house = House::furnish(None);
    survive(house, &guests).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_kills_lose_nothing_and_no_receiver_sees_an_effect_twice() {
    let Some(guests) = guests() else { return };
    let Some(database) = TestDatabase::postgres().await else {
        return;
    };
    let house = House::furnish(Some(&database.url));
    survive(house, &guests).await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_round_of_asking_and_files_being_stored_survive_kills_once() {
    let Some(guests) = guests() else { return };
    bulk::survives(House::furnish(None), &guests).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_a_round_of_asking_and_files_being_stored_survive_kills_once() {
    let Some(guests) = guests() else { return };
    let Some(database) = TestDatabase::postgres().await else {
        return;
    };
    bulk::survives(House::furnish(Some(&database.url)), &guests).await;
    database.remove().await;
}

async fn survive(house: House, guests: &std::path::Path) {
    let token = house.init();
    house.start().await;
    let school = School::open(&house, guests, &token).await;
    let progress = Progress::over(&school);

    let killer = Killer::let_loose(&house, &progress, KILLS);
    load::flow_1(&school, &progress).await;
    killer.call_off().await;
    reconcile::flow_1(&school.planner, &school.sis).await;

    let killer = Killer::let_loose(&house, &progress, KILLS);
    school.misbehave();
    let plan = load::plan(&school, &progress).await;
    let needs = load::needs(&school, &plan, &progress).await;
    reconcile::delivered(&school, &plan).await;
    killer.call_off().await;
    reconcile::flow_2(&school, &plan, &needs).await;

    let killer = Killer::let_loose(&house, &progress, KILLS);
    let scores = load::results(&school, &plan, &progress).await;
    killer.call_off().await;
    reconcile::flow_3(&school, &scores).await;

    let killer = Killer::let_loose(&house, &progress, KILLS);
    load::corrections(&school, &scores, &progress).await;
    reconcile::arrived(&school, &plan).await;
    killer.call_off().await;
    school.behave();
    reconcile::flow_5(&school, &scores).await;

    let kills = house.kills();
    assert!(kills >= 3 * KILLS, "only {kills} kills: the load was over too soon");
    house.kill();
    house.verify_audit();
    school.close().await;
    eprintln!("survived {kills} kills");
}
