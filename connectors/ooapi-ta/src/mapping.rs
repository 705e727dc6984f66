//! What the canonical model means in OKE towards a test platform, and back. Pure.

use oke_codec::{
    AssociationFields, Dialect, OfferingFields, PersonAs, dialect::ScoreBeforeCesuur, write_association, write_offering,
};
use oke_sdk::{
    Delivery, Error, Report,
    model::{Association, Normed, Offering},
};
use serde_json::Value;

/// The sitting as the platform knows it. Path and body carry the same id (R1).
pub(crate) fn sitting_at_peer(mut sitting: Offering, peer_id: Option<&str>) -> Offering {
    if let Some(id) = peer_id {
        sitting.offering_id = id.to_owned();
    }
    sitting
}

/// The deelname as the platform knows it, and its sitting (R1, R14).
pub(crate) fn deelname_at_peer(
    mut deelname: Association,
    peer_id: Option<&str>,
    sitting_peer_id: Option<&str>,
) -> Association {
    if let Some(id) = peer_id {
        deelname.association_id = id.to_owned();
    }
    if let Some(id) = sitting_peer_id {
        deelname.offering_id = id.to_owned();
    }
    deelname
}

/// The PUT of a sitting.
pub(crate) fn write_sitting(sitting: &Offering, dialect: &Dialect) -> Value {
    write_offering(sitting, dialect, OfferingFields::Sitting)
}

/// The PUT of a deelname, its person whole.
///
/// # Errors
/// [`Error::Unrepresentable`] when the person is not there: flow 2 has no other way to tell who it is (R14).
pub(crate) fn write_deelname(deelname: &Association, dialect: &Dialect) -> Result<Value, Error> {
    if deelname.person.is_none() {
        return Err(Error::unrepresentable(
            "person",
            "a deelname carries the whole person (R14), and only the id is given",
        ));
    }
    Ok(write_association(
        deelname,
        dialect,
        AssociationFields::Deelname,
        PersonAs::Whole,
    ))
}

/// What the platform says of a deelname, when it has said anything.
///
/// No message of OKE tells whether the cesuur was applied (R11). A percentage sign does: such a score is none on any
/// scale. Of a platform that sends percentages before the cesuur (N#164) nothing is known by itself: the host judges
/// the score by the scale. Of any other, `otherwise` is what the operator knows.
pub(crate) fn delivery(association: Association, dialect: &Dialect, otherwise: Normed) -> Option<Delivery> {
    let result = association.result?;
    let normed = match &result.score {
        Some(score) if score.trim_end().ends_with('%') => Normed::No,
        Some(_) if dialect.quirks.score_before_cesuur == ScoreBeforeCesuur::Percentage => Normed::Unknown,
        Some(_) => otherwise,
        None => Normed::Unknown,
    };
    Some(Delivery {
        deelname_peer_id: association.association_id,
        result,
        normed,
        examenversie: None,
    })
}

/// The report in an offering, when there is one.
pub(crate) fn report(offering: Offering) -> Option<Report> {
    if offering.irregularities.is_none() && offering.documents.is_empty() {
        return None;
    }
    Some(Report {
        sitting_peer_id: offering.offering_id,
        irregularities: offering.irregularities,
        documents: offering.documents,
    })
}
