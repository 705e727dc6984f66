//! The objects that the lists of flow 1 bring: how each is named, who it is about, and the verb that takes it.

use super::super::draft::{Draft, Outcome};
use super::super::{Refused, association, offering, test_group};
use crate::domain::model::{Association, AssociationState, Group, Membership, Offering, OfferingState};
use crate::store::sql::Database;
use crate::store::{StoreError, association as association_store, offering as offering_store};

/// An object of a list.
pub trait Told: Sync {
    /// Kind of the object, as in messages and tasks.
    const KIND: &'static str;
    /// What a person calls such an object.
    const NOUN: &'static str;
    /// Whether it is the object itself, rather than something that names it.
    const IS_THE_OBJECT: bool = true;

    /// Its id.
    fn id(&self) -> &str;

    /// Whose data it touches: two of one person never go in one commit, since neither sees what the other does.
    fn person(&self) -> Option<&str>;

    /// Whether it takes others with it (R5), so that it goes in a commit of its own.
    fn cancels(&self, db: &Database, tenant: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes it as a PUT at the TPL face would be taken.
    fn take(&self, draft: &mut Draft<'_>, peer: &str) -> impl Future<Output = Result<Outcome, Refused>> + Send;
}

impl Told for Offering {
    const KIND: &'static str = "offering";
    const NOUN: &'static str = "een planbare toets";

    fn id(&self) -> &str {
        &self.offering_id
    }

    fn person(&self) -> Option<&str> {
        None
    }

    async fn cancels(&self, db: &Database, tenant: &str) -> Result<bool, StoreError> {
        if self.state != OfferingState::Canceled {
            return Ok(false);
        }
        let known = offering_store::find(db, tenant, &self.offering_id).await?;
        Ok(known.is_none_or(|known| !known.is_canceled()))
    }

    async fn take(&self, draft: &mut Draft<'_>, peer: &str) -> Result<Outcome, Refused> {
        offering::keep_listed(draft, peer, self).await
    }
}

impl Told for Association {
    const KIND: &'static str = "association";
    const NOUN: &'static str = "een inschrijving";

    fn id(&self) -> &str {
        &self.association_id
    }

    fn person(&self) -> Option<&str> {
        Some(&self.person_id)
    }

    async fn cancels(&self, db: &Database, tenant: &str) -> Result<bool, StoreError> {
        if self.state != AssociationState::Canceled {
            return Ok(false);
        }
        let known = association_store::find(db, tenant, &self.association_id).await?;
        Ok(known.is_none_or(|known| !known.is_canceled()))
    }

    async fn take(&self, draft: &mut Draft<'_>, peer: &str) -> Result<Outcome, Refused> {
        association::keep_listed(draft, peer, self).await
    }
}

impl Told for Group {
    const KIND: &'static str = "group";
    const NOUN: &'static str = "een toetsgroep";

    fn id(&self) -> &str {
        &self.group_id
    }

    fn person(&self) -> Option<&str> {
        None
    }

    async fn cancels(&self, _db: &Database, _tenant: &str) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn take(&self, draft: &mut Draft<'_>, peer: &str) -> Result<Outcome, Refused> {
        test_group::keep_listed(draft, peer, self).await
    }
}

/// That a person belongs to a group.
pub struct Belongs {
    /// The group.
    pub group: String,
    /// The membership.
    pub facts: Membership,
}

impl Told for Belongs {
    const KIND: &'static str = "person";
    const NOUN: &'static str = "een lid van een toetsgroep";
    const IS_THE_OBJECT: bool = false;

    fn id(&self) -> &str {
        &self.facts.person_id
    }

    fn person(&self) -> Option<&str> {
        Some(&self.facts.person_id)
    }

    async fn cancels(&self, _db: &Database, _tenant: &str) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn take(&self, draft: &mut Draft<'_>, peer: &str) -> Result<Outcome, Refused> {
        test_group::keep_listed_member(draft, peer, (&self.group, &self.facts)).await
    }
}
