//! The lists of flow 1: all pages, which name everything that the student system has, once.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{Called, MOST_PAGES, PAGE, Saw, unknown};
use crate::conformance::scenario::Call;
use crate::conformance::stage::Subject;
use crate::connector::blame::CallError;
use crate::connector::call::{Caller, Listed, ListedDays, ListedPage};
use crate::simulator::School;

/// Plays one of the calls that list.
pub(super) async fn call(call: Call, caller: &Caller, (subject, school): (&Subject, &School)) -> Called {
    let offering = subject.enrolment.offering_id.as_str();
    match call {
        Call::AllOfferings => {
            let there = school.plannable_tests.iter().map(|test| test.id.as_str());
            let listed = all(|cursor| {
                async move {
                    let page = caller
                        .list_offerings(ListedDays::default(), cursor.as_deref(), PAGE)
                        .await;
                    page.outcome.map(Some)
                }
                .boxed()
            });
            Ok(compared(listed.await?, there, |offering| &offering.offering_id))
        }
        Call::AllAssociations => {
            let there = school.registrations.iter().filter(|one| one.offering_id == offering);
            let listed = all(|cursor| {
                async move {
                    caller
                        .list_associations(offering, cursor.as_deref(), PAGE)
                        .await
                        .outcome
                }
                .boxed()
            });
            let there = there.map(|one| one.id.as_str());
            Ok(compared(listed.await?, there, |association| {
                &association.association_id
            }))
        }
        Call::AllGroups => {
            let ids: Vec<&str> = school
                .groups
                .iter()
                .filter_map(|group| group.json["groupId"].as_str())
                .collect();
            let listed = all(|cursor| {
                async move {
                    let page = caller.list_groups(ListedDays::default(), cursor.as_deref(), PAGE).await;
                    page.outcome.map(Some)
                }
                .boxed()
            });
            let groups = compared(listed.await?, ids.iter().copied(), |group| &group.group_id);
            let (Saw::Right, Some(first)) = (&groups, school.groups.first()) else {
                return Ok(groups);
            };
            let id = ids.first().copied().unwrap_or_default();
            let members =
                all(|cursor| async move { caller.list_members(id, cursor.as_deref(), PAGE).await.outcome }.boxed());
            let there = first.members.iter().filter_map(|member| member["personId"].as_str());
            Ok(compared(members.await?, there, |member| &member.person_id))
        }
        _ => {
            let page = caller.list_associations(&unknown(), None, PAGE).await.outcome?;
            Ok(page.map_or(Saw::Nothing, |_| {
                Saw::Wrong("a planbare toets that is not there has enrolments".to_owned())
            }))
        }
    }
}

/// All pages; absent where there is nothing to list, an error where they do not end.
async fn all<'a, T>(
    page: impl Fn(Option<String>) -> BoxFuture<'a, Result<Option<ListedPage<T>>, CallError>>,
) -> Result<Option<(Vec<Listed<T>>, bool)>, CallError> {
    let (mut items, mut next) = (Vec::new(), None::<String>);
    for _ in 0..MOST_PAGES {
        let Some(page) = page(next.clone()).await? else {
            return Ok(None);
        };
        items.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(Some((items, true)));
        }
    }
    Ok(Some((items, false)))
}

fn compared<'a, T>(
    listed: Option<(Vec<Listed<T>>, bool)>,
    there: impl Iterator<Item = &'a str>,
    id: impl Fn(&T) -> &str,
) -> Saw {
    let Some((items, ended)) = listed else {
        return Saw::Nothing;
    };
    if !ended {
        return Saw::Wrong(format!("the list did not end after {MOST_PAGES} pages"));
    }
    let there: BTreeSet<&str> = there.collect();
    let named: BTreeSet<&str> = items.iter().filter_map(|item| item.as_ref().ok()).map(&id).collect();
    match there == named && items.len() == there.len() {
        true => Saw::Right,
        false => Saw::Wrong(format!(
            "{} objects were listed, {} of them readable and different; the student system has {}",
            items.len(),
            named.len(),
            there.len()
        )),
    }
}
