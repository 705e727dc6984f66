//! Stories about manifest.
