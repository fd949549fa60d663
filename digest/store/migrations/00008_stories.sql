-- What was printed, story by story, for the archive's pages. It is filled by the migration that follows.

-- +goose Up
CREATE TABLE story (
    id       BIGINT PRIMARY KEY,  -- 4096 times the edition's, plus its place there from 0
    edition  BIGINT NOT NULL,
    slot     BIGINT NOT NULL,     -- the edition's
    topic    TEXT NOT NULL,
    headline TEXT NOT NULL,
    lang     TEXT NOT NULL,       -- of the headline
    summary  TEXT NOT NULL,       -- sentences, in lines
    tongue   TEXT NOT NULL,       -- of the summary
    source   TEXT NOT NULL,
    url      TEXT NOT NULL,
    machine  INTEGER NOT NULL     -- what a language model wrote: 1 the headline, 2 the summary, 3 both
);
CREATE INDEX story_topic ON story (topic, slot);
CREATE INDEX story_edition ON story (edition);

-- The shelf without the books.
CREATE INDEX edition_shelf ON edition (slot, digest, east, id) WHERE state = 'sealed';

ALTER TABLE mention ADD COLUMN written TEXT NOT NULL DEFAULT ''; -- the name as it stands in the edition
CREATE INDEX mention_edition ON mention (edition);
