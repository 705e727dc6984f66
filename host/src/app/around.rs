//! What verbs on results want to know around a deelname, read for many deelnames in as many queries as for one: the
//! sitting, where its results go, the versions and their head, what they are judged by, and what is open about it.

use std::collections::{BTreeSet, HashMap};

use oke_codec::scale;

use super::draft::About;
use super::studentresultaat::{self, Route, Way};
use crate::domain::association::Association;
use crate::domain::model::{Normed, ResultValueType};
use crate::domain::offering::Offering;
use crate::domain::result::{Head, Version, Yardstick};
use crate::domain::scale_map::ScaleMap;
use crate::store::component::ComponentRow;
use crate::store::examenversie::ExamenversieRow;
use crate::store::sql::{Key, Value};
use crate::store::task::TaskRow;
use crate::store::{
    Database, StoreError, association, component, examenversie, offering, result as result_store, scale_map, task,
};
use crate::values;

/// A deelname to look around.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The school.
    pub tenant: String,
    /// The deelname.
    pub deelname: String,
    /// Whose yardsticks: the examenversie of a delivery.
    pub versie: Versie,
}

/// By what the result of a deelname is to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Versie {
    /// By what its head names: the result is there already.
    OfHead,
    /// By the vendor's code of the version, of the sitting's component; the component where it names none.
    Delivered(Option<String>),
}

/// What is known around a deelname.
#[derive(Debug, Clone)]
pub struct Around {
    /// The deelname.
    pub deelname: Association,
    /// Its sitting.
    pub sitting: Option<Offering>,
    /// Where its results go.
    pub route: Option<Route>,
    /// Where its result stands; none before the first version.
    pub head: Option<Head>,
    /// All versions, oldest first.
    pub versions: Vec<Version>,
    /// Exceptions about it that are open.
    pub exceptions: Vec<TaskRow>,
    scale: Option<ResultValueType>,
    cesuur: Option<Normed>,
    mapping: Option<ScaleMap>,
}

impl Around {
    /// The component of the sitting; empty where there is none.
    #[must_use]
    pub fn component(&self) -> &str {
        component_of(self.sitting.as_ref())
    }

    /// The unit of the sitting.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.sitting.as_ref().and_then(|sitting| sitting.unit.as_deref())
    }

    /// What exceptions about it say.
    #[must_use]
    pub fn about(&self) -> About<'_> {
        About {
            kind: "association",
            id: &self.deelname.id,
            unit: self.unit(),
            peer: Some(&self.deelname.peer),
        }
    }

    /// What its result is judged by.
    #[must_use]
    pub fn yardstick(&self) -> Yardstick<'_> {
        Yardstick {
            component: self.scale.as_ref(),
            enrolment: scale_of(self.route.as_ref()),
            cesuur: self.cesuur,
            mapping: self.mapping.as_ref(),
        }
    }
}

fn component_of(sitting: Option<&Offering>) -> &str {
    sitting.and_then(|sitting| sitting.component.as_deref()).unwrap_or("")
}

fn scale_of(route: Option<&Route>) -> Option<&ResultValueType> {
    route.and_then(|route| route.plannable.facts.result_value_type.as_ref())
}

/// Looks around these deelnames; `None` for one that is not there.
///
/// # Errors
/// What the database says.
pub async fn read(db: &Database, asked: &[Asked]) -> Result<Vec<Option<Around>>, StoreError> {
    let keys: Vec<Key> = asked
        .iter()
        .map(|it| (it.tenant.clone(), it.deelname.clone()))
        .collect();
    let (bound, heads) = tokio::try_join!(
        association::with_keys(db, &keys),
        result_store::heads_with_keys(db, &keys),
    )?;
    let mut bound = by_id(bound, |it| it.id.clone());
    let heads = by_id(heads, |it| it.association.clone());
    let serves = |((tenant, _), it): (&Key, &Association)| Some((tenant.clone(), it.enrolment.clone()?));
    let enrolments: Vec<Key> = bound.iter().filter_map(serves).collect();
    // Only when the heads are there: none may be newer than its versions and exceptions, which no row's version guards.
    let (enrolments, versions, open) = tokio::try_join!(
        association::with_keys(db, &enrolments),
        result_store::versions_with_keys(db, &keys),
        task::open_about_any(db, "association", &keys),
    )?;
    bound.extend(by_id(enrolments, |it| it.id.clone()));
    let versions = gathered(versions, |it| it.association.clone());
    let open = open.into_iter().map(|task| (task.tenant.clone(), task)).collect();
    let exceptions = gathered(open, |task: &TaskRow| task.about.subject_id.clone());
    let offerings: Vec<Key> = bound
        .iter()
        .map(|((tenant, _), it)| (tenant.clone(), it.facts.offering_id.clone()))
        .collect();
    let offerings = by_id(offering::with_keys(db, &offerings).await?, |it| it.id.clone());

    let found: Vec<Option<Found<'_>>> = asked
        .iter()
        .map(|asked| Found::of(asked, &bound, &offerings, &heads))
        .collect();
    let ways = found.iter().flatten().filter_map(Found::way).collect();
    let (routes, yardsticks) = tokio::try_join!(studentresultaat::routes(db, ways), Yardsticks::read(db, &found))?;
    let around = found.iter().zip(&keys).map(|(found, key)| {
        let found = found.as_ref()?;
        let way = found.way().map(|way| (way.tenant.to_owned(), way.enrolment.id.clone()));
        let route = way.and_then(|way| routes.get(&way)).cloned();
        Some(Around {
            scale: yardsticks.scale(found),
            cesuur: yardsticks.cesuur(found),
            mapping: yardsticks.mapping(found, scale_of(route.as_ref())),
            deelname: found.deelname.clone(),
            sitting: found.sitting.cloned(),
            route,
            head: found.head.cloned(),
            versions: versions.get(key).cloned().unwrap_or_default(),
            exceptions: exceptions.get(key).cloned().unwrap_or_default(),
        })
    });
    Ok(around.collect())
}

type ById<T> = HashMap<Key, T>;

fn by_id<T>(rows: Vec<(String, T)>, id: impl Fn(&T) -> String) -> ById<T> {
    rows.into_iter()
        .map(|(tenant, row)| ((tenant, id(&row)), row))
        .collect()
}

fn gathered<T>(rows: Vec<(String, T)>, id: impl Fn(&T) -> String) -> ById<Vec<T>> {
    let mut gathered: ById<Vec<T>> = HashMap::new();
    for (tenant, row) in rows {
        gathered.entry((tenant, id(&row))).or_default().push(row);
    }
    gathered
}

/// A deelname and the rows that it names.
struct Found<'a> {
    tenant: &'a str,
    deelname: &'a Association,
    sitting: Option<&'a Offering>,
    enrolment: Option<(&'a Association, &'a Offering)>,
    head: Option<&'a Head>,
    /// The vendor, the component and the code of the version that it is judged by.
    judged_by: [&'a str; 3],
}

impl<'a> Found<'a> {
    fn of(
        asked: &'a Asked,
        bound: &'a ById<Association>,
        offerings: &'a ById<Offering>,
        heads: &'a ById<Head>,
    ) -> Option<Self> {
        let key = |id: &str| (asked.tenant.clone(), id.to_owned());
        let deelname = bound.get(&key(&asked.deelname))?;
        let sitting = offerings.get(&key(&deelname.facts.offering_id));
        let enrolment = deelname.enrolment.as_ref().and_then(|id| bound.get(&key(id)));
        let enrolment = enrolment.and_then(|it| Some((it, offerings.get(&key(&it.facts.offering_id))?)));
        let head = heads.get(&key(&asked.deelname));
        let component = component_of(sitting);
        let judged_by = match (&asked.versie, head) {
            (Versie::OfHead, Some(head)) => [&head.peer, &head.component, &head.examenversie].map(String::as_str),
            (Versie::Delivered(Some(code)), _) => [&deelname.peer, component, code],
            (Versie::OfHead | Versie::Delivered(None), _) => [&deelname.peer, component, component],
        };
        Some(Found {
            tenant: &asked.tenant,
            deelname,
            sitting,
            enrolment,
            head,
            judged_by,
        })
    }

    fn way(&self) -> Option<Way<'a>> {
        self.enrolment.map(|(enrolment, plannable)| Way {
            tenant: self.tenant,
            enrolment,
            plannable,
        })
    }
}

/// What results are judged by, of all that was asked for.
struct Yardsticks {
    components: Vec<ComponentRow>,
    cesuren: Vec<ExamenversieRow>,
    mappings: Vec<(String, ScaleMap)>,
}

impl Yardsticks {
    async fn read(db: &Database, found: &[Option<Found<'_>>]) -> Result<Self, StoreError> {
        let versies: BTreeSet<_> = found.iter().flatten().map(|it| (it.tenant, it.judged_by)).collect();
        let components: BTreeSet<_> = versies
            .iter()
            .map(|(tenant, [peer, id, _])| [*tenant, *peer, *id])
            .collect();
        let components: Vec<_> = components
            .into_iter()
            .map(|key| key.map(Value::from).to_vec())
            .collect();
        let versies: Vec<_> = versies
            .into_iter()
            .map(|(tenant, [peer, component, code])| values![tenant, peer, component, code])
            .collect();
        let (components, cesuren, mappings) = tokio::try_join!(
            component::with_keys(db, &components),
            examenversie::with_keys(db, &versies),
            scale_map::approved_of(db, &components),
        )?;
        Ok(Yardsticks {
            components,
            cesuren,
            mappings,
        })
    }

    fn scale(&self, found: &Found<'_>) -> Option<ResultValueType> {
        let [peer, id, _] = found.judged_by;
        let is_it =
            |row: &&ComponentRow| row.tenant == found.tenant && row.peer == peer && row.facts.component_id == id;
        self.components
            .iter()
            .find(is_it)
            .and_then(|row| row.facts.result_value_type.clone())
    }

    fn cesuur(&self, found: &Found<'_>) -> Option<Normed> {
        let [peer, component, code] = found.judged_by;
        let is_it = |row: &&ExamenversieRow| {
            row.tenant == found.tenant && row.peer == peer && row.component == component && row.code == code
        };
        self.cesuren.iter().find(is_it).map(|row| row.normed)
    }

    /// The approved map that holds for the examenversie and a scale: its own before that of the whole component, the
    /// newest version of each.
    fn mapping(&self, found: &Found<'_>, to: Option<&ResultValueType>) -> Option<ScaleMap> {
        let ([peer, component, code], to) = (found.judged_by, to?);
        let for_versie = |versie: Option<&str>| {
            let is_it = |(tenant, map): &&(String, ScaleMap)| {
                tenant == found.tenant
                    && map.peer == peer
                    && map.component == component
                    && map.examenversie.as_deref() == versie
                    && scale::name(&map.to) == scale::name(to)
            };
            self.mappings.iter().find(is_it).map(|(_, map)| map)
        };
        for_versie(Some(code)).or_else(|| for_versie(None)).cloned()
    }
}
