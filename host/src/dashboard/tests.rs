//! Stories of the pages.
