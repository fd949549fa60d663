-- What gathering remembers of sources, of their articles and of the servers that pages are read from.

-- +goose Up

ALTER TABLE mark ADD COLUMN address  TEXT NOT NULL DEFAULT '';
ALTER TABLE mark ADD COLUMN moving   TEXT NOT NULL DEFAULT '';
ALTER TABLE mark ADD COLUMN moves    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mark ADD COLUMN newest   BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mark ADD COLUMN pace     BIGINT NOT NULL DEFAULT 0; -- milliseconds between two visits
ALTER TABLE mark ADD COLUMN next     BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mark ADD COLUMN wall     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mark ADD COLUMN told     INTEGER NOT NULL DEFAULT 0;

-- What an article is recognised by within its feed.
ALTER TABLE article ADD COLUMN link  TEXT NOT NULL DEFAULT '';
ALTER TABLE article ADD COLUMN guid  TEXT NOT NULL DEFAULT '';
ALTER TABLE article ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE article ADD COLUMN sum   TEXT NOT NULL DEFAULT '';

-- Articles are looked up by feed, the last seen first; what was published lately was seen lately.
DROP INDEX article_undated;
DROP INDEX article_published;
CREATE INDEX article_seen ON article (feed, seen);

CREATE TABLE site (
    host TEXT PRIMARY KEY,
    doc  TEXT NOT NULL
);
