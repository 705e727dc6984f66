-- How a peer writes and reads at our faces, where that differs from the agreement 1.0.1: JSON; empty when nothing does.
ALTER TABLE peer ADD COLUMN dialect TEXT NOT NULL DEFAULT '';
