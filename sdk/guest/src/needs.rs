//! Needs (voorzieningen) in a vendor's own words (R15).

use crate::Error;

/// The needs that a vendor has a word for: our code and its word, row by row. The manifest declares the same codes under
/// `[needs]`, so that the host translates by the school's table before anything is sent.
///
/// ```
/// use oke_sdk::needs::NeedTable;
///
/// const AIDS: NeedTable<&str> = NeedTable(&[("spoken", "tts"), ("enlarged", "zoom")]);
/// assert_eq!(AIDS.words(&["spoken".to_owned()])?, ["tts"]);
/// assert!(AIDS.words(&["braille".to_owned()]).is_err());
/// assert_eq!(AIDS.codes_of(&["zoom"]), ["enlarged"]);
/// # Ok::<(), oke_sdk::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NeedTable<W: 'static>(pub &'static [(&'static str, W)]);

impl<W: Copy + PartialEq> NeedTable<W> {
    /// The vendor's word for each need.
    ///
    /// # Errors
    /// [`Error::Unrepresentable`] for a need that it has no word for: nobody gets silently less.
    pub fn words(&self, needs: &[String]) -> Result<Vec<W>, Error> {
        let word = |need: &String| {
            let row = self.0.iter().find(|(code, _)| code == need);
            let why = || format!("this vendor has no word for `{need}`");
            row.map(|(_, word)| *word)
                .ok_or_else(|| Error::unrepresentable("personalNeeds", why()))
        };
        needs.iter().map(word).collect()
    }

    /// Our codes for the vendor's words, in the order of the table; words that it does not list have none.
    pub fn codes_of(&self, words: &[W]) -> Vec<String> {
        let given = self.0.iter().filter(|(_, word)| words.contains(word));
        given.map(|(code, _)| (*code).to_owned()).collect()
    }

    /// All our codes.
    pub fn codes(&self) -> Vec<String> {
        self.0.iter().map(|(code, _)| (*code).to_owned()).collect()
    }
}
