"""The tables of state.db and cache.db."""

from __future__ import annotations

EVENTS = """
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    format INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    community TEXT,
    decision TEXT,
    target INTEGER,
    step INTEGER,
    data BLOB NOT NULL,
    commitments BLOB NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX event_decision ON event(decision, seq) WHERE decision IS NOT NULL;
CREATE INDEX event_time ON event(at_ms);
CREATE TABLE personal (
    seq INTEGER NOT NULL,
    part INTEGER NOT NULL,
    salt BLOB NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (seq, part)
);
CREATE TABLE pruned (upto INTEGER NOT NULL);
CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN
    SELECT raise(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER event_remains BEFORE DELETE ON event
WHEN old.seq > coalesce((SELECT max(upto) FROM pruned), 0) BEGIN
    SELECT raise(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER event_follows BEFORE INSERT ON event
WHEN new.seq <> coalesce((SELECT max(seq) FROM event), 0) + 1 BEGIN
    SELECT raise(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER personal_stays BEFORE UPDATE ON personal BEGIN
    SELECT raise(ABORT, 'the journal is append-only');
END;
"""

PROJECTION = """
CREATE TABLE decision (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL UNIQUE,
    last_seq INTEGER NOT NULL,
    community TEXT NOT NULL,
    verb TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    undo_of TEXT,
    head BLOB NOT NULL,
    account TEXT,
    words BLOB,
    state TEXT NOT NULL,
    open INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX decision_open ON decision(seq) WHERE open = 1;
CREATE INDEX decision_community ON decision(community, seq);
CREATE INDEX decision_time ON decision(created_ms);
CREATE INDEX decision_undo ON decision(undo_of) WHERE undo_of IS NOT NULL;
CREATE TABLE target (
    decision TEXT NOT NULL,
    idx INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    community TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT,
    author TEXT,
    checked INTEGER NOT NULL,
    body BLOB,
    conflict BLOB,
    state TEXT NOT NULL,
    open INTEGER NOT NULL,
    PRIMARY KEY (decision, idx)
);
CREATE UNIQUE INDEX target_one_open ON target(subject) WHERE open = 1 AND subject IS NOT NULL;
CREATE INDEX target_subject ON target(subject, seq) WHERE subject IS NOT NULL;
CREATE INDEX target_author ON target(author, seq, community) WHERE author IS NOT NULL;
CREATE TABLE step (
    decision TEXT NOT NULL,
    target INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    executor TEXT NOT NULL,
    reaches INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    answer BLOB,
    error TEXT,
    changed_ms INTEGER,
    PRIMARY KEY (decision, target, idx)
) WITHOUT ROWID;
CREATE INDEX step_failed ON step(decision) WHERE state IN ('refused', 'conflict');
"""
"""The outbox. It holds nothing that the events do not; `author` is case-folded."""

OWN_WORK = """
CREATE TABLE draft (target TEXT PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, saved_ms INTEGER NOT NULL);
CREATE TABLE snooze (item TEXT PRIMARY KEY, until_ms INTEGER NOT NULL);
CREATE TABLE skip (item TEXT PRIMARY KEY, at_ms INTEGER NOT NULL);
"""

CACHE = """
CREATE TABLE item (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    community TEXT NOT NULL,
    open INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    native TEXT NOT NULL,
    item_kind TEXT NOT NULL,
    number TEXT NOT NULL,
    state TEXT NOT NULL,
    created_ms INTEGER,
    edited_ms INTEGER,
    author TEXT,
    author_key TEXT,
    author_native TEXT,
    reasons TEXT NOT NULL,
    reporters TEXT NOT NULL,
    reports INTEGER NOT NULL,
    severe INTEGER NOT NULL,
    score REAL,
    language TEXT,
    claimed TEXT,
    claim_mine INTEGER NOT NULL,
    handled_by TEXT,
    hidden INTEGER NOT NULL,
    category TEXT,
    category_id TEXT,
    thread_id TEXT,
    question TEXT,
    clock_ms INTEGER,
    amber_ms INTEGER,
    due_ms INTEGER,
    assigned TEXT,
    assigned_mine INTEGER NOT NULL,
    watched INTEGER NOT NULL,
    first INTEGER NOT NULL,
    fetched_ms INTEGER NOT NULL,
    mark BLOB NOT NULL
);
CREATE INDEX item_order ON item(lane, open, since_ms, id, community);
CREATE INDEX item_due ON item(lane, due_ms, amber_ms, community) WHERE open = 1 AND due_ms IS NOT NULL;
CREATE INDEX item_subject ON item(community, kind, native);
CREATE TABLE body (row INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE thread (item TEXT PRIMARY KEY, fetched_ms INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE dossier (
    community TEXT NOT NULL, native TEXT NOT NULL, fetched_ms INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (community, native)
);
CREATE TABLE account (community TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE counts (community TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE spoken (item TEXT PRIMARY KEY, text INTEGER, language TEXT, hand INTEGER NOT NULL, at_ms INTEGER NOT NULL);
CREATE TABLE solved (
    row INTEGER PRIMARY KEY,
    community TEXT NOT NULL,
    thread TEXT NOT NULL,
    solved INTEGER NOT NULL,
    language TEXT,
    title TEXT NOT NULL,
    words TEXT NOT NULL,
    fetched_ms INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (community, thread)
);
CREATE VIRTUAL TABLE solved_index USING fts5(
    title, words, community, content='solved', content_rowid='row',
    tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER solved_in AFTER INSERT ON solved BEGIN
    INSERT INTO solved_index(rowid, title, words, community) VALUES (new.row, new.title, new.words, new.community);
END;
CREATE TRIGGER solved_out AFTER DELETE ON solved BEGIN
    INSERT INTO solved_index(solved_index, rowid, title, words, community)
    VALUES ('delete', old.row, old.title, old.words, old.community);
END;
"""
"""`item.question` is the question's state. `spoken` keeps the language that was found in (or set for) an item's text;
`text` is a checksum of it. `solved.row` rises with the time of the answer, so that a search reads the newest first;
`title` and `words` are folded words, each once; `data` is the whole thread."""

MEMBERS = """
CREATE TABLE member (row INTEGER PRIMARY KEY, seen_ms INTEGER, posts INTEGER, trust INTEGER, flags TEXT NOT NULL);
CREATE TABLE member_name (
    community TEXT NOT NULL, key TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (community, key, row)
) WITHOUT ROWID;
CREATE INDEX member_names ON member_name(row);
CREATE TRIGGER member_gone AFTER DELETE ON item WHEN old.lane = 'members' BEGIN
    DELETE FROM member WHERE row = old.row;
    DELETE FROM member_name WHERE row = old.row;
END;
"""
"""Filled by `store.people`."""

DUE_ORDER = """
CREATE INDEX item_due_order
ON item(lane, open, due_ms IS NULL, due_ms, coalesce(clock_ms, since_ms), id, community);
"""

COUNTED = """
CREATE TABLE lane_count (
    lane TEXT NOT NULL, community TEXT NOT NULL, open INTEGER NOT NULL, PRIMARY KEY (lane, community)
) WITHOUT ROWID;
INSERT INTO lane_count SELECT lane, community, count(*) FROM item WHERE open = 1 GROUP BY lane, community;
CREATE TRIGGER lane_count_in AFTER INSERT ON item WHEN new.open = 1 BEGIN
    INSERT INTO lane_count VALUES (new.lane, new.community, 1) ON CONFLICT DO UPDATE SET open = open + 1;
END;
CREATE TRIGGER lane_count_out AFTER DELETE ON item WHEN old.open = 1 BEGIN
    UPDATE lane_count SET open = open - 1 WHERE lane = old.lane AND community = old.community;
END;
CREATE TRIGGER lane_count_moved AFTER UPDATE OF open, lane, community ON item
WHEN old.open <> new.open OR old.lane <> new.lane OR old.community <> new.community BEGIN
    UPDATE lane_count SET open = open - 1 WHERE old.open = 1 AND lane = old.lane AND community = old.community;
    INSERT INTO lane_count SELECT new.lane, new.community, 1 WHERE new.open = 1
    ON CONFLICT DO UPDATE SET open = open + 1;
END;
"""
"""How many open rows each lane has, kept by SQLite itself: counting them took 15 ms at 100,000 rows, at every event.
The triggers hold for a modtui that does not know of it, too."""

SAID = """
CREATE TABLE said (doc INTEGER PRIMARY KEY, row INTEGER NOT NULL UNIQUE);
CREATE TABLE unsaid (row INTEGER PRIMARY KEY);
INSERT INTO unsaid SELECT row FROM item;
CREATE VIRTUAL TABLE said_words USING fts5(words, content='', columnsize=0, detail=none, tokenize='ascii');
CREATE TABLE word (id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT NOT NULL UNIQUE);
CREATE TABLE words_state (birth BLOB NOT NULL, swept INTEGER NOT NULL);
INSERT INTO words_state VALUES (randomblob(8), 0);
CREATE TRIGGER body_in AFTER INSERT ON body BEGIN
    UPDATE said SET row = -doc WHERE row = new.row;
    INSERT OR IGNORE INTO unsaid VALUES (new.row);
END;
CREATE TRIGGER body_out AFTER DELETE ON body BEGIN
    UPDATE said SET row = -doc WHERE row = old.row;
    DELETE FROM unsaid WHERE row = old.row;
END;
"""
"""What was said in which item, kept by `store.fulltext`: `said.doc` is the rowid in `said_words`, `said.row` the row of
`item`; rows that are not indexed yet stand in `unsaid`. `word` has every word once; its ids are never used again.
`words_state.swept` rises when words are deleted from it. By the triggers a modtui that does not know of it leaves
nothing wrong: a text that it took away keeps its number, for no row."""

UNSENT = """
CREATE TABLE unsent (
    id TEXT PRIMARY KEY,
    item TEXT NOT NULL,
    community TEXT NOT NULL,
    body BLOB NOT NULL,
    saved_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX unsent_item ON unsent(item);
"""
"""Version 2: several unsent texts for one target; version 1 had room for one."""

ADDED = {"member": MEMBERS, "item_due_order": DUE_ORDER, "lane_count": COUNTED, "said": SAID}
"""What makes each of `store.schema.PARTS`."""
