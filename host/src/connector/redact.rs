//! Makes a connector's own words fit for a log: what could be personal data or a secret is masked (invariant 11).
//!
//! A connector is told to log no personal data; this is for the one that does it anyway. It errs towards masking:
//! numbers of five digits or more, addresses with `@`, long unbroken runs, words that begin with a capital inside a
//! sentence (names), and every value of a field that is not plainly a word, a small number, a flag or a UUID.

/// Bytes kept of a message.
const LONGEST_TEXT: usize = 512;
/// A run longer than this is a token, a hash or an encoded document.
const LONGEST_WORD: usize = 32;

/// A sentence without what might be personal or secret.
pub(super) fn text(raw: &str) -> String {
    let mut clean = String::with_capacity(raw.len().min(LONGEST_TEXT));
    for (position, word) in raw.split(|c: char| c.is_whitespace() || c.is_control()).enumerate() {
        if clean.len() > LONGEST_TEXT {
            clean.push('…');
            break;
        }
        if position > 0 {
            clean.push(' ');
        }
        clean.push_str(mask(word, position == 0).unwrap_or(word));
    }
    clean
}

/// The value of a field: shown only when it is plainly harmless.
pub(super) fn value(raw: &str) -> &str {
    let word = !raw.is_empty()
        && raw.len() <= LONGEST_WORD
        && raw
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'.'));
    let small_number = !raw.is_empty() && raw.len() <= 4 && raw.bytes().all(|byte| byte.is_ascii_digit());
    match word || small_number || is_uuid(raw) {
        true => raw,
        false => "‹masked›",
    }
}

/// The key of a field: a short word, else masked as a whole.
pub(super) fn key(raw: &str) -> &str {
    match raw.len() <= LONGEST_WORD
        && raw
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'))
    {
        true => raw,
        false => "‹masked›",
    }
}

/// The shape of a path without what could be an id: `/offerings/*/*`. Only the first word stays.
pub(super) fn path(raw: &str) -> String {
    let is_word =
        |segment: &str| segment.len() <= LONGEST_WORD && segment.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut segments = raw.trim_start_matches('/').split('/').take(12);
    let first = segments.next().filter(|segment| is_word(segment)).unwrap_or("*");
    let rest: String = segments.map(|_| "/*").collect();
    format!("/{first}{rest}")
}

fn mask(word: &str, first: bool) -> Option<&'static str> {
    if is_uuid(word.trim_matches(|c: char| c.is_ascii_punctuation())) {
        return None;
    }
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if digits >= 5 {
        return Some("‹number›");
    }
    if word.contains('@') {
        return Some("‹address›");
    }
    if word.len() > LONGEST_WORD {
        return Some("‹long›");
    }
    let mut letters = word.chars().skip_while(|c| !c.is_alphabetic());
    let capital = letters.next().is_some_and(char::is_uppercase);
    // Abbreviations (`HTTP`, `TA`) are no names.
    let shouted = word.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    (capital && !shouted && !first).then_some("‹name›")
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_numbers_addresses_and_tokens_do_not_reach_the_log() {
        let clean = text(
            "Result of Jan de Vries (student 2004567, j.vries@school.nl) token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0 held",
        );
        assert_eq!(
            clean,
            "Result of ‹name› de ‹name› (student ‹number› ‹address› token ‹long› held"
        );
    }

    #[test]
    fn what_a_person_needs_to_understand_a_failure_stays() {
        let said = "HTTP 503 from vendor, try 2 of 3 for 0192f0c1-7e7b-7cc1-9a53-0a1b2c3d4e5f";
        assert_eq!(text(said), said);
    }

    #[test]
    fn a_field_shows_words_small_numbers_and_uuids_only() {
        assert_eq!(value("not-found"), "not-found");
        assert_eq!(value("404"), "404");
        assert_eq!(value("Jansen"), "‹masked›");
        assert_eq!(value("20045"), "‹masked›");
        assert_eq!(value(""), "‹masked›");
    }

    #[test]
    fn a_path_keeps_its_shape_and_loses_its_ids() {
        assert_eq!(path("/persons/jdevries/associations"), "/persons/*/*");
        assert_eq!(path("/jdevries1"), "/*");
    }
}
