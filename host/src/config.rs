//! Arguments and settings: the only room that reads the environment or settings files.
