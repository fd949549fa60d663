-- Coming and going: wishes apart from subscribers, what bounced, and what is remembered of the forgotten.

-- +goose Up

ALTER TABLE subscriber ADD COLUMN domain       TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN why          TEXT NOT NULL DEFAULT ''; -- subscribers.Why
ALTER TABLE subscriber ADD COLUMN until        BIGINT NOT NULL DEFAULT 0; -- a pause ends
ALTER TABLE subscriber ADD COLUMN consent_from TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN consent_text TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber ADD COLUMN probe        BIGINT NOT NULL DEFAULT 0; -- the letter that tries a suspended one again
ALTER TABLE subscriber ADD COLUMN probed       BIGINT NOT NULL DEFAULT 0; -- when it was owed

-- What stands behind the @: all but the local part, which is what is left when the domain's letters are taken away.
UPDATE subscriber SET domain = SUBSTR(email, LENGTH(RTRIM(email, REPLACE(email, '@', ''))) + 1);
UPDATE subscriber SET why = 'operator' WHERE state = 'left' AND consent_how = 'removed by the operator';
UPDATE subscriber SET why = 'bounces' WHERE state = 'suspended';
CREATE INDEX subscriber_zone ON subscriber (timezone) WHERE timezone <> '';
CREATE INDEX subscriber_waits ON subscriber (state) WHERE state IN ('paused', 'suspended');

-- A wish to be on the list. Its id is drawn from the subscribers' numbers.
CREATE TABLE wish (
    email    TEXT PRIMARY KEY,
    id       BIGINT NOT NULL UNIQUE,
    made     BIGINT NOT NULL,
    done     BIGINT NOT NULL,         -- when it was confirmed; 0: it waits
    lapses   BIGINT NOT NULL,         -- when it may be forgotten
    digests  TEXT NOT NULL,           -- in lines, as topics
    topics   TEXT NOT NULL,
    lang     TEXT NOT NULL,
    plain    INTEGER NOT NULL,
    timezone TEXT NOT NULL,
    how      TEXT NOT NULL,
    source   TEXT NOT NULL,           -- subscribers.Proof.From
    agreed   TEXT NOT NULL
);

-- A confirmation that was asked for: what its token is known by, and what is counted.
CREATE TABLE ask (
    token   TEXT PRIMARY KEY,
    email   TEXT NOT NULL,            -- empty: erased since
    domain  TEXT NOT NULL,
    network TEXT NOT NULL,
    asked   BIGINT NOT NULL
);
CREATE INDEX ask_email ON ask (email, asked);
CREATE INDEX ask_asked ON ask (asked);

-- A notice that a stranger could have caused.
CREATE TABLE reply (
    email  TEXT NOT NULL,
    notice TEXT NOT NULL,
    given  BIGINT NOT NULL
);
CREATE INDEX reply_email ON reply (email, given);
CREATE INDEX reply_given ON reply (given);

-- What is remembered of the forgotten, by a keyed hash of the address.
CREATE TABLE trace (
    hash    TEXT PRIMARY KEY,
    erased  BIGINT NOT NULL,
    blocked BIGINT NOT NULL           -- until then
);

CREATE TABLE bounce (
    subscriber BIGINT NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    status     TEXT NOT NULL,
    diagnostic TEXT NOT NULL,
    direct     INTEGER NOT NULL,
    proven     INTEGER NOT NULL,
    letter     BIGINT NOT NULL,       -- 0: not known
    domain     TEXT NOT NULL
);
CREATE INDEX bounce_subscriber ON bounce (subscriber, at);
CREATE INDEX bounce_blocked ON bounce (at) WHERE kind = 'blocked';

-- Mail that was acted on, by what it is known by.
CREATE TABLE mail_seen (
    mark TEXT PRIMARY KEY,
    seen BIGINT NOT NULL
);
CREATE INDEX mail_seen_seen ON mail_seen (seen);

-- What a notice needs besides its reader. All three are wiped once it has ended.
ALTER TABLE delivery ADD COLUMN address TEXT NOT NULL DEFAULT ''; -- of who is no subscriber and wishes nothing
ALTER TABLE delivery ADD COLUMN token   TEXT NOT NULL DEFAULT ''; -- of a confirmation, in clear
ALTER TABLE delivery ADD COLUMN answers TEXT NOT NULL DEFAULT ''; -- Message-ID of the mail that it answers

-- Who is pending has a wish from now on, and no entry. What was asked of him before has tokens of another kind.
INSERT INTO wish (email, id, made, done, lapses, digests, topics, lang, plain, timezone, how, source, agreed)
    SELECT email, id, joined, 0, joined + 604800000,
        COALESCE((SELECT STRING_AGG(digest, '
') FROM choice WHERE subscriber = s.id), ''),
        COALESCE((SELECT STRING_AGG(topic, '
') FROM interest WHERE subscriber = s.id), ''),
        lang, plain, timezone, consent_how, '', ''
    FROM subscriber s WHERE state = 'pending';
UPDATE delivery SET state = 7, note = 'asked in a way that is not in use any more'
    WHERE notice = 'confirm' AND state IN (1, 2, 5, 8);
DELETE FROM choice WHERE subscriber IN (SELECT id FROM subscriber WHERE state = 'pending');
DELETE FROM interest WHERE subscriber IN (SELECT id FROM subscriber WHERE state = 'pending');
DELETE FROM subscriber WHERE state = 'pending';
