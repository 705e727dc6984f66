//! One file per noun; functions are verbs that read, decide and return a write set for the committer.
