//! What is asked of a connector for files: a list that can be traced back, and rows that are not its own.

use crate::connector::blame::{CallError, Decision};
use crate::connector::call::{Caller, File, FileContent, Line, Planned};
use crate::domain::model::{Association, AssociationState, Code, Offering, OfferingState};

use super::super::scenario::Call;
use super::super::stage::Subject;
use super::{Called, Saw};

/// A server that takes tests offline (R19); who doesn't need it named may pass it over.
const SERVER: &str = "keuring-fao";

pub(super) async fn call(call: Call, caller: &Caller, again: &Caller, subject: &Subject) -> Called {
    match call {
        Call::ReadForeignRows => foreign_rows(caller).await,
        _ => {
            let plan = plan_for(call, subject);
            let written = caller.write_plan(&plan).await.outcome?;
            let repeated = again.write_plan(&plan).await.outcome?;
            Ok(if written != repeated {
                Saw::Wrong("the same sittings gave another list the second time".to_owned())
            } else if !is_traceable(&written, &subject.deelname.association_id) {
                Saw::Wrong(
                    "the id of the deelname stands nowhere in the list, so that no result could be traced back"
                        .to_owned(),
                )
            } else {
                Saw::Right
            })
        }
    }
}

fn plan_for(call: Call, subject: &Subject) -> Vec<Planned> {
    let canceled = call == Call::WriteCancelledList;
    let other_codes = vec![Code {
        code_type: "systemId".to_owned(),
        value: SERVER.to_owned(),
    }];
    let sitting = Offering {
        other_codes,
        state: if canceled {
            OfferingState::Canceled
        } else {
            OfferingState::Active
        },
        ..subject.sitting.clone()
    };
    let deelname = match canceled {
        // Their data is erased already (R5).
        true => Association {
            state: AssociationState::Canceled,
            person: None,
            ..subject.deelname.clone()
        },
        false => subject.with_needs.clone().unwrap_or_else(|| subject.deelname.clone()),
    };
    vec![Planned {
        sitting,
        deelnames: vec![deelname],
    }]
}

fn is_traceable(files: &[File], id: &str) -> bool {
    files.iter().any(|file| match &file.content {
        FileContent::Table(table) => table.rows.iter().flatten().any(|cell| cell == id),
        FileContent::Bytes(bytes) => bytes.windows(id.len()).any(|part| part == id.as_bytes()),
    })
}

/// Rows of columns that no vendor has: refused, as a file or row by row, and never taken for a result.
async fn foreign_rows(caller: &Caller) -> Called {
    let columns = ["keuring-1".to_owned(), "keuring-2".to_owned()];
    let rows = [vec!["a".to_owned(), "b".to_owned()]];
    match caller.read_piece(&columns, &rows).await.outcome {
        Ok(lines) => Ok(match lines.as_slice() {
            [Line::Refused { .. } | Line::Nothing] => Saw::Nothing,
            _ => Saw::Wrong("it made something of rows that are not its vendor's".to_owned()),
        }),
        Err(CallError {
            decision: Decision::Permanent { .. },
            ..
        }) => Ok(Saw::Nothing),
        Err(error) => Err(error),
    }
}
