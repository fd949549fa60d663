-- The whole memory. One text for SQLite and PostgreSQL: TEXT, BIGINT and INTEGER only.
-- Times are milliseconds since 1970 in UTC; 0 means not known. What is called doc is JSON that only Go reads.

-- +goose Up

-- The last number given out, by kind. Numbers are drawn inside the transaction that uses them.
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO counter (name, last) VALUES ('letter', 0), ('subscriber', 0);

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- What is remembered of a source between two visits.
CREATE TABLE mark (
    source   TEXT PRIMARY KEY,
    etag     TEXT NOT NULL,
    modified TEXT NOT NULL,
    hash     TEXT NOT NULL,
    title    TEXT NOT NULL,
    checked  BIGINT NOT NULL,
    changed  BIGINT NOT NULL,
    due      BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    failing  BIGINT NOT NULL,
    fault    TEXT NOT NULL
);

-- An article, once for each feed that brought it, in that feed's words.
CREATE TABLE article (
    id        TEXT NOT NULL,
    feed      TEXT NOT NULL,
    url       TEXT NOT NULL,
    published BIGINT NOT NULL,
    seen      BIGINT NOT NULL, -- when any feed first brought it
    doc       TEXT NOT NULL,
    PRIMARY KEY (id, feed)
);
CREATE INDEX article_published ON article (feed, published);
CREATE INDEX article_undated ON article (feed, seen) WHERE published = 0;

-- Which digest has printed which article. It outlives the article.
CREATE TABLE printed (
    digest  TEXT NOT NULL,
    article TEXT NOT NULL,
    edition BIGINT NOT NULL,
    PRIMARY KEY (digest, article)
);

CREATE TABLE edition (
    id        BIGINT PRIMARY KEY,     -- the number of its letter, see delivery
    key       TEXT NOT NULL UNIQUE,
    digest    TEXT NOT NULL,
    slot      BIGINT NOT NULL,
    east      INTEGER NOT NULL,       -- seconds that the slot's wall clock is ahead of UTC
    state     TEXT NOT NULL,          -- sealed, quiet
    number    INTEGER NOT NULL,       -- counts the sealed ones of a digest; 0 when quiet
    title     TEXT NOT NULL,
    policy    TEXT NOT NULL,          -- resend, hold
    owed      INTEGER NOT NULL,       -- how many letters were owed when it was sealed
    sealed_at BIGINT NOT NULL,
    doc       TEXT NOT NULL
);
CREATE INDEX edition_slot ON edition (digest, slot);

CREATE TABLE subscriber (
    id          BIGINT PRIMARY KEY,
    email       TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    state       TEXT NOT NULL,        -- pending, active, paused, left, suspended
    lang        TEXT NOT NULL,
    plain       INTEGER NOT NULL,     -- 1: text instead of HTML
    timezone    TEXT NOT NULL,
    joined      BIGINT NOT NULL,
    changed     BIGINT NOT NULL,
    consent_at  BIGINT NOT NULL,
    consent_how TEXT NOT NULL
);

-- The digests that a subscriber chose; without one, all that are not optional.
CREATE TABLE choice (
    subscriber BIGINT NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    digest     TEXT NOT NULL,
    PRIMARY KEY (subscriber, digest)
);

-- The topics that a subscriber chose; without one, all.
CREATE TABLE interest (
    subscriber BIGINT NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    topic      TEXT NOT NULL,
    PRIMARY KEY (subscriber, topic)
);

-- One letter owed to one subscriber. Editions and notices draw the number of their letter from one counter, so the
-- primary key is what forbids to owe anything twice. The ledger outlives the subscriber, hence no reference to him.
CREATE TABLE delivery (
    letter     BIGINT NOT NULL,       -- the edition's id, or the notice's own number
    subscriber BIGINT NOT NULL,
    notice     TEXT NOT NULL,         -- confirm, welcome, goodbye; empty for an edition
    state      INTEGER NOT NULL,      -- digest.DeliveryState
    due        BIGINT NOT NULL,       -- not before; the lease's end; once ended, when that was
    attempts   INTEGER NOT NULL,
    fence      BIGINT NOT NULL,
    owed       BIGINT NOT NULL,
    note       TEXT NOT NULL,
    PRIMARY KEY (letter, subscriber)
);

-- What may be claimed (pending, leased, deferred, uncertain) and what is on the wire (handing). Sent letters, by far the
-- most, are in none of the three. Notices apart: a person waits for them.
CREATE INDEX delivery_edition_due ON delivery (due) WHERE state IN (1, 2, 5, 8) AND notice = '';
CREATE INDEX delivery_notice_due ON delivery (due) WHERE state IN (1, 2, 5, 8) AND notice <> '';
CREATE INDEX delivery_handing ON delivery (due) WHERE state = 3;
