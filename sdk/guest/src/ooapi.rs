//! What connectors share whose vendor speaks OKE itself: the dialect from the configuration, pages, and the codec's
//! problems as the error that they mean.

use oke_codec::{Dialect, Page, Problems, Quirks, Version, read_page};
use serde_json::{Map, Value};

use crate::{
    ConfigValue, Context, Error, Listed, Unreadable,
    http::{Request, Response},
};

/// The page sizes that OKE allows (R20).
const PAGE_SIZES: [u32; 5] = [10, 20, 50, 100, 250];

/// Longest list of problems that is passed on, in characters.
const MAX_PROBLEMS: usize = 1_000;

/// The peer's dialect: its version under `dialect`, and under the codec's own names those of [`Quirks`] that the
/// manifest declares. What is not declared is as the agreement says.
///
/// # Errors
/// [`Error::Bug`] when the manifest lets through what the codec does not know.
pub fn dialect(ctx: &Context) -> Result<Dialect, Error> {
    let version = match ctx.text("dialect")? {
        None => Version::default(),
        Some(text) => Version::parse(text).ok_or_else(|| {
            Error::Bug(format!(
                "configuration `dialect` is `{text}`: the codec knows 1.0, 1.0.1 and results of the draft 1.1"
            ))
        })?,
    };
    let mut declared = Map::new();
    for name in quirk_names()? {
        let value = match ctx.config(&name) {
            None => continue,
            Some(ConfigValue::Text(text)) => Value::from(text.as_str()),
            Some(ConfigValue::Number(number)) => Value::from(*number),
            Some(ConfigValue::Flag(flag)) => Value::from(*flag),
        };
        declared.insert(name, value);
    }
    let quirks = serde_json::from_value(Value::Object(declared)).map_err(|error| {
        Error::Bug(format!(
            "the configuration holds a quirk that the codec does not know: {error}"
        ))
    })?;
    Ok(Dialect { version, quirks })
}

/// The codec's quirks by name, so that a new one needs no change here.
fn quirk_names() -> Result<Vec<String>, Error> {
    match serde_json::to_value(Quirks::default()) {
        Ok(Value::Object(quirks)) => Ok(quirks.into_iter().map(|(name, _)| name).collect()),
        _ => Err(Error::Bug("the codec's quirks can't be listed".to_owned())),
    }
}

/// The largest page that OKE allows and that is not larger than asked for; 10 when less is asked for.
pub fn page_size(asked: u32) -> u32 {
    PAGE_SIZES
        .into_iter()
        .rev()
        .find(|size| *size <= asked)
        .unwrap_or(PAGE_SIZES[0])
}

/// The number of a page from a cursor; the first when there is none.
///
/// # Errors
/// [`Error::Bug`] when the cursor is none that a connector made.
pub fn page_number(cursor: Option<&str>) -> Result<u32, Error> {
    let Some(cursor) = cursor else { return Ok(1) };
    match cursor.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(Error::Bug(format!("cursor `{cursor}` is no page number"))),
    }
}

/// One object as it is now, `None` when it is not there.
///
/// # Errors
/// As [`Request::find`], and [`unreadable`].
pub fn find<T>(
    request: Request<'_>,
    dialect: &Dialect,
    reader: impl Fn(&Value, &Dialect) -> Result<T, Problems>,
) -> Result<Option<T>, Error> {
    let Some(object) = request.find::<Value>()? else {
        return Ok(None);
    };
    reader(&object, dialect).map(Some).map_err(unreadable)
}

/// A page of a collection, each item on its own, so that a broken one can cost only itself.
///
/// # Errors
/// As [`Response::json`], and [`unreadable`] when the page itself can't be read.
pub fn page<T>(
    answer: Response,
    dialect: &Dialect,
    reader: impl Fn(&Value, &Dialect) -> Result<T, Problems>,
) -> Result<Page<Result<T, Problems>>, Error> {
    let page: Value = answer.json()?;
    read_page(&page, |item| reader(item, dialect)).map_err(unreadable)
}

/// The page with this number of a collection, as a list of the contract: one outcome per item. One that can't be read
/// says its id, under `id_field`, where it has one.
///
/// # Errors
/// As [`page`].
pub fn listed<T>(
    answer: Response,
    dialect: &Dialect,
    (number, id_field): (u32, &str),
    reader: impl Fn(&Value, &Dialect) -> Result<T, Problems>,
) -> Result<crate::Page<Listed<T>>, Error> {
    let outcome = |item: &Value, dialect: &Dialect| {
        let read = reader(item, dialect);
        // Where the item stands on the page is left out of the reason: it changes, and the item does not.
        Ok(read.map_err(|problems| Unreadable {
            id: item[id_field].as_str().filter(|id| !id.is_empty()).map(str::to_owned),
            why: words(&problems),
        }))
    };
    let page = page(answer, dialect, outcome)?.all_or_nothing().map_err(unreadable)?;
    Ok(crate::Page {
        items: page.items,
        next: page.has_next_page.then(|| (number.saturating_add(1)).to_string()),
    })
}

/// The vendor sent an object that can't be read: a person looks, with the vendor.
pub fn unreadable(problems: Problems) -> Error {
    Error::rejected("unreadable", words(&problems))
}

/// The request lacks what OKE requires of the message: nothing was sent.
pub fn unwritable(problems: Problems) -> Error {
    let field = problems
        .0
        .first()
        .map_or_else(String::new, |first| first.pointer.clone());
    Error::unrepresentable(field, words(&problems))
}

/// The codec's texts quote no personal data; a message with many problems is cut short.
fn words(problems: &Problems) -> String {
    problems.to_string().chars().take(MAX_PROBLEMS).collect()
}

#[cfg(test)]
mod tests {
    use oke_codec::dialect::{DurationForm, Version};

    use super::{dialect, page_number, page_size};
    use crate::{ConfigValue, Error, testing::FakeHost};

    #[test]
    fn the_dialect_comes_from_the_configuration() {
        let host = FakeHost::new()
            .with_text("dialect", "1.0")
            .with_text("duration", "minutes")
            .with_config("swapped-dates", ConfigValue::Flag(true))
            .with_text("results", "push");

        let dialect = dialect(&host.context()).unwrap();

        assert_eq!(dialect.version, Version::V1_0);
        assert_eq!(
            (dialect.quirks.duration, dialect.quirks.swapped_dates),
            (DurationForm::Minutes, true)
        );
    }

    #[test]
    fn a_quirk_that_the_codec_does_not_know_is_the_connectors_fault() {
        let host = FakeHost::new().with_text("duration", "fortnights");
        assert!(matches!(dialect(&host.context()), Err(Error::Bug(why)) if why.contains("fortnights")));
    }

    /// R20: only some page sizes are allowed.
    #[test]
    fn a_page_is_never_larger_than_asked_for_unless_the_smallest_is() {
        assert_eq!([1, 10, 99, 100, 1_000].map(page_size), [10, 10, 50, 100, 250]);
    }

    #[test]
    fn a_cursor_that_is_no_page_is_refused() {
        assert_eq!(page_number(None), Ok(1));
        assert_eq!(page_number(Some("3")), Ok(3));
        assert!(page_number(Some("0")).is_err());
        assert!(page_number(Some("third")).is_err());
    }
}
