-- How far the search for sittings with nothing left to do has come. The same file stands for both databases.

-- Sittings that ended before this moment have been looked at: those of them that are not noted in settled had work left.
CREATE TABLE looked_at (
    tenant TEXT NOT NULL,
    until BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant)
);
