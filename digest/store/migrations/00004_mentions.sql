-- Which story of which edition speaks of which name, for looking names up.

-- +goose Up
CREATE TABLE mention (
    name    TEXT NOT NULL,     -- folded, see digest.Mention
    edition BIGINT NOT NULL,
    place   INTEGER NOT NULL,  -- of the story in the edition, from 0
    title   TEXT NOT NULL,     -- the story's headline
    lang    TEXT NOT NULL,
    PRIMARY KEY (name, edition, place)
);
