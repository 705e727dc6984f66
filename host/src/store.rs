//! One file per noun: SQL, row and conversion, on SQLite and PostgreSQL. Decides no policy.
