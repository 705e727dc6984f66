//! Names that people read: of schools, units, accounts and peers.

/// The longest name, in characters.
pub const LONGEST: usize = 255;

/// Why a text can't be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoLabel {
    /// Nothing, or spaces only.
    #[error("it is empty; write at least one character")]
    Empty,
    /// More than [`LONGEST`] characters.
    #[error("it is {0} characters long; {LONGEST} is the most")]
    TooLong(usize),
    /// A character that is not seen and changes what is: a line break, or one that turns the direction of the text.
    #[error("it holds U+{0:04X}, which can't be seen and changes how the rest reads; leave it out")]
    Unseen(u32),
}

/// A name as it is kept: without spaces around it.
///
/// # Errors
/// [`NoLabel`].
pub fn tidy(text: &str) -> Result<String, NoLabel> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 {
        return Err(NoLabel::Empty);
    }
    if length > LONGEST {
        return Err(NoLabel::TooLong(length));
    }
    match text.chars().find(|one| is_unseen(*one)) {
        Some(one) => Err(NoLabel::Unseen(one.into())),
        None => Ok(text.to_owned()),
    }
}

/// Control characters, line and paragraph separators, and those that embed, override or isolate a direction.
fn is_unseen(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_without_the_spaces_around_it() {
        assert_eq!(
            tidy("  Team Zorg \u{1F469}\u{200D}\u{2695} "),
            Ok("Team Zorg \u{1F469}\u{200D}\u{2695}".to_owned())
        );
        assert_eq!(tidy(&"é".repeat(LONGEST)), Ok("é".repeat(LONGEST)));
    }

    #[test]
    fn a_name_that_reads_as_something_else_than_it_is_is_refused() {
        assert_eq!(tidy(" \t "), Err(NoLabel::Empty));
        assert_eq!(tidy("a\nb"), Err(NoLabel::Unseen(0x0A)));
        assert_eq!(tidy("beheer\u{202E}reheeb"), Err(NoLabel::Unseen(0x202E)));
        assert_eq!(tidy("a\u{2066}b"), Err(NoLabel::Unseen(0x2066)));
        assert_eq!(tidy(&"x".repeat(256)), Err(NoLabel::TooLong(256)));
    }
}
