//! The rules of a rollout: which revision serves whom, the steps in their order, and what calls come to.

use jiff::Timestamp;

use super::principal::Duty;
use super::rollout::criteria::{Criteria, Criterion, Measured, Outcome, class_of, overall};
use super::rollout::{NotNow, Rollout, Route, Served, Serving, Share, Stage, Trial, Verdict, Whose};

fn now() -> Timestamp {
    "2026-09-01T09:00:00Z".parse().unwrap()
}

fn line(units: &[&str]) -> Vec<String> {
    units.iter().map(|&unit| unit.to_owned()).collect()
}

fn sitting<'a>(lineage: &'a [String]) -> Whose<'a> {
    Whose::Sitting { id: "zitting", lineage }
}

fn named(default: Option<i64>, rows: &[(&str, i64, i64)]) -> Serving {
    Serving {
        default,
        named: rows
            .iter()
            .map(|(unit, flow, revision)| (((*unit).to_owned(), *flow), *revision))
            .collect(),
        ..Serving::default()
    }
}

/// R24: what is enabled for a college reaches its teams, and a team's own word goes before its college's.
#[test]
fn a_sitting_takes_the_revision_of_the_innermost_unit_that_is_named() {
    let serving = named(Some(1), &[("zorg", 2, 2), ("team-a", 2, 3)]);
    assert_eq!(serving.revision(2, sitting(&line(&["team-a", "zorg"]))), Served::By(3));
    assert_eq!(serving.revision(2, sitting(&line(&["team-b", "zorg"]))), Served::By(2));
    assert_eq!(
        serving.revision(2, sitting(&line(&["team-x", "techniek"]))),
        Served::By(1)
    );
    assert_eq!(serving.revision(2, sitting(&line(&[]))), Served::By(1));
}

#[test]
fn a_unit_is_enabled_flow_by_flow() {
    let serving = named(Some(1), &[("team-a", 2, 2)]);
    assert_eq!(serving.revision(2, sitting(&line(&["team-a"]))), Served::By(2));
    assert_eq!(serving.revision(3, sitting(&line(&["team-a"]))), Served::By(1));
}

#[test]
fn what_is_no_sittings_takes_the_default() {
    let serving = named(Some(1), &[("team-a", 0, 2)]);
    assert_eq!(serving.revision(0, Whose::Everybody), Served::By(1));
    assert_eq!(Serving::default().revision(0, Whose::Everybody), Served::Nothing);
}

#[test]
fn where_only_named_units_are_served_work_of_others_waits() {
    let serving = Serving {
        named_only: true,
        ..named(Some(1), &[("team-a", 2, 1)])
    };
    assert_eq!(serving.revision(2, sitting(&line(&["team-a"]))), Served::By(1));
    assert_eq!(serving.revision(2, sitting(&line(&["team-b"]))), Served::NotEnabled);
    assert_eq!(serving.revision(3, sitting(&line(&["team-a"]))), Served::NotEnabled);
    assert_eq!(serving.revision(0, Whose::Everybody), Served::By(1));
}

#[test]
fn a_greater_share_takes_others_along_and_sends_nobody_back() {
    let ids: Vec<String> = (0..1_000).map(|count| format!("0192f0c1-{count:04}")).collect();
    let on = |percent: u8| -> Vec<bool> {
        let serving = Serving {
            default: Some(1),
            share: Some(Share { revision: 2, percent }),
            ..Serving::default()
        };
        let side = |id: &String| serving.revision(2, Whose::Sitting { id, lineage: &[] }) == Served::By(2);
        ids.iter().map(side).collect()
    };
    let (tenth, half) = (on(10), on(50));
    let count = |side: &[bool]| side.iter().filter(|on| **on).count();
    assert!((60..140).contains(&count(&tenth)), "{}", count(&tenth));
    assert!((430..570).contains(&count(&half)), "{}", count(&half));
    assert!(tenth.iter().zip(&half).all(|(tenth, half)| !tenth || *half));
}

fn rollout() -> Rollout {
    Rollout {
        route: Route::Steps,
        sitting: None,
        seq: 1,
        revision: 2,
        replaces: Some(1),
        stage: Stage::Running,
        share: 0,
        steps: 0,
        verdict: Verdict::Undecided,
        go_by: Duty::Plannen,
        criteria: Criteria::default(),
        author: "fb".to_owned(),
        reason: "een verhaal".to_owned(),
        started_at: now(),
        step_at: None,
        ended_at: None,
        version: 0,
    }
}

#[test]
fn each_next_step_takes_a_go_on_the_one_before() {
    let first = rollout().stepped(now()).unwrap();
    assert_eq!(first.clone().stepped(now()), Err(NotNow::NoGo(Duty::Plannen)));
    let second = first.go(Outcome::Pass, false).unwrap().stepped(now()).unwrap();
    assert_eq!((second.steps, second.verdict), (2, Verdict::Undecided));
    let all = second.go(Outcome::Pass, false).unwrap().completed(now()).unwrap();
    assert_eq!(all.stage, Stage::Completed);
    assert_eq!(all.clone().stepped(now()), Err(NotNow::Ended(Stage::Completed)));
    assert_eq!(all.rolled_back(now()).stage, Stage::RolledBack);
}

#[test]
fn a_go_on_criteria_that_are_not_met_says_so() {
    let first = rollout().stepped(now()).unwrap();
    assert_eq!(
        first.clone().go(Outcome::NotEnough, false),
        Err(NotNow::NotMet("not enough yet"))
    );
    assert_eq!(first.clone().go(Outcome::Fail, false), Err(NotNow::NotMet("fail")));
    assert_eq!(first.go(Outcome::Fail, true).unwrap().verdict, Verdict::Go);
    assert_eq!(rollout().go(Outcome::Pass, false), Err(NotNow::NoStep));
}

#[test]
fn a_no_go_pauses_and_going_on_takes_a_go_all_the_same() {
    let refused = rollout().stepped(now()).unwrap().no_go().unwrap();
    assert_eq!(refused.clone().stepped(now()), Err(NotNow::Paused));
    let resumed = refused.resumed().unwrap();
    assert_eq!(resumed.clone().stepped(now()), Err(NotNow::NoGo(Duty::Plannen)));
    assert!(resumed.go(Outcome::Pass, false).unwrap().stepped(now()).is_ok());
}

#[test]
fn a_stopped_rollout_takes_nobody_new() {
    let stopped = rollout().stepped(now()).unwrap().stopped(now()).unwrap();
    assert_eq!(stopped.clone().resumed(), Err(NotNow::Ended(Stage::Stopped)));
    assert_eq!(stopped.stepped(now()), Err(NotNow::Ended(Stage::Stopped)));
}

#[test]
fn a_share_only_grows() {
    let tenth = rollout().shared(10, now()).unwrap().go(Outcome::Pass, false).unwrap();
    assert_eq!(tenth.clone().shared(10, now()), Err(NotNow::Share { least: 11 }));
    assert_eq!(tenth.clone().shared(100, now()), Err(NotNow::Share { least: 11 }));
    assert_eq!(tenth.shared(11, now()).unwrap().share, 11);
}

fn calls(done: u64, by_connector: u64) -> Measured {
    let mut measured = Measured {
        done,
        by_connector,
        ..Measured::default()
    };
    measured.durations[class_of(40)] = done + by_connector;
    measured
}

#[test]
fn too_few_calls_say_nothing_yet_but_a_failure_too_many_says_enough() {
    let criteria = Criteria::default();
    assert_eq!(overall(&calls(5, 0).judged(&criteria)), Outcome::NotEnough);
    assert_eq!(overall(&calls(20, 0).judged(&criteria)), Outcome::Pass);
    assert_eq!(overall(&calls(5, 1).judged(&criteria)), Outcome::Fail);
    assert_eq!(overall(&Measured::default().judged(&criteria)), Outcome::NotEnough);
    let lenient = Criteria {
        most_by_connector: 100,
        ..criteria
    };
    assert_eq!(overall(&calls(5, 1).judged(&lenient)), Outcome::NotEnough);
    assert_eq!(overall(&calls(30, 1).judged(&lenient)), Outcome::Pass);
}

#[test]
fn slow_calls_and_stuck_messages_fail_a_step() {
    let criteria = Criteria::default();
    let mut slow = calls(90, 0);
    slow.durations[class_of(9_000)] = 10;
    slow.done = 100;
    assert_eq!(slow.p95_ms(), Some(10_000));
    let judged = slow.judged(&criteria);
    let p95 = judged.iter().find(|one| one.criterion == Criterion::P95).unwrap();
    assert_eq!(p95.outcome, Outcome::Fail);
    let stuck = Measured {
        unreconciled: 1,
        ..calls(100, 0)
    };
    assert_eq!(overall(&stuck.judged(&criteria)), Outcome::Fail);
}

/// A fix is tried on one sitting, whatever its unit has; all others have what they had.
#[test]
fn a_trial_serves_its_sitting_before_units_and_shares() {
    let serving = Serving {
        share: Some(Share {
            revision: 2,
            percent: 99,
        }),
        trial: Some(Trial {
            sitting: "zitting".to_owned(),
            revision: 3,
        }),
        ..named(Some(1), &[("team-a", 2, 2)])
    };
    let team = line(&["team-a"]);
    for flow in [2, 3] {
        assert_eq!(serving.revision(flow, sitting(&team)), Served::By(3));
    }
    let other = Whose::Sitting {
        id: "andere",
        lineage: &team,
    };
    assert_eq!(serving.revision(2, other), Served::By(2));
    assert!(serving.uses(3) && !serving.is_plain() && serving.in_use(3).contains(&3));
}

#[test]
fn the_fast_route_takes_two_people_one_sitting_and_a_go() {
    let fast = Rollout {
        route: Route::Fast,
        ..rollout()
    };
    assert_eq!(fast.clone().tried_on("zitting", 1, now()), Err(NotNow::NotApproved(1)));
    assert_eq!(fast.clone().fixed(2, now()), Err(NotNow::NoStep));
    assert_eq!(fast.clone().ordinary(), Err(NotNow::FastOnly));
    assert_eq!(rollout().tried_on("zitting", 2, now()), Err(NotNow::NotFast));
    let tried = fast.tried_on("zitting", 2, now()).unwrap();
    assert_eq!(tried.sitting.as_deref(), Some("zitting"));
    assert_eq!(tried.clone().fixed(2, now()), Err(NotNow::NoGo(Duty::Plannen)));
    assert_eq!(
        tried.clone().tried_on("andere", 2, now()),
        Err(NotNow::NoGo(Duty::Plannen))
    );
    let fixed = tried.go(Outcome::Pass, false).unwrap().fixed(2, now()).unwrap();
    assert_eq!(fixed.stage, Stage::Completed);
}
