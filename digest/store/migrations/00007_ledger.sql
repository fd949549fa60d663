-- What reports tell of a delivery, and one notion of what is open: due is when somebody has to look at a delivery again,
-- and 0 once it has ended, or is in doubt and held back. So going on the wire touches no index.

-- +goose Up

ALTER TABLE delivery ADD COLUMN ended  BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN code   INTEGER NOT NULL DEFAULT 0; -- of the last try, if it was refused: 550
ALTER TABLE delivery ADD COLUMN status TEXT NOT NULL DEFAULT '';   -- RFC 3463, 5.1.1
ALTER TABLE delivery ADD COLUMN place  TEXT NOT NULL DEFAULT '';   -- what was refused: rcpt, dot, …

DROP INDEX delivery_edition_due;
DROP INDEX delivery_notice_due;
DROP INDEX delivery_handing;
UPDATE delivery SET ended = due, due = 0 WHERE state IN (4, 6, 7);
UPDATE delivery SET ended = owed, due = 0 WHERE state = 8 AND due = 9223372036854775807;

-- Notices apart: a person waits for them.
CREATE INDEX delivery_edition_open ON delivery (due) WHERE due > 0 AND notice = '';
CREATE INDEX delivery_notice_open ON delivery (due) WHERE due > 0 AND notice <> '';

-- What came of an edition's deliveries that are long over and not kept one by one any more.
CREATE TABLE retired (
    letter BIGINT NOT NULL,
    state  INTEGER NOT NULL,
    n      BIGINT NOT NULL,
    PRIMARY KEY (letter, state)
);
