"""The tables of the world. Times are UTC milliseconds; booleans 0/1; lists and payloads JSON text."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (
  id INTEGER PRIMARY KEY, username TEXT NOT NULL, username_lower TEXT NOT NULL, name TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '', ip TEXT, registration_ip TEXT, trust_level INTEGER NOT NULL DEFAULT 1,
  admin INTEGER NOT NULL DEFAULT 0, moderator INTEGER NOT NULL DEFAULT 0, active INTEGER NOT NULL DEFAULT 1,
  approved INTEGER NOT NULL DEFAULT 1, created_at INTEGER NOT NULL, last_seen_at INTEGER, last_posted_at INTEGER,
  locale TEXT NOT NULL DEFAULT 'en', title TEXT, bio TEXT, website TEXT, location TEXT,
  post_count INTEGER NOT NULL DEFAULT 0, topic_count INTEGER NOT NULL DEFAULT 0,
  likes_given INTEGER NOT NULL DEFAULT 0, likes_received INTEGER NOT NULL DEFAULT 0,
  days_visited INTEGER NOT NULL DEFAULT 1, posts_read INTEGER NOT NULL DEFAULT 0,
  time_read INTEGER NOT NULL DEFAULT 0, solved_count INTEGER NOT NULL DEFAULT 0,
  flags_agreed INTEGER NOT NULL DEFAULT 0, flags_disagreed INTEGER NOT NULL DEFAULT 0,
  flags_ignored INTEGER NOT NULL DEFAULT 0, flags_received INTEGER NOT NULL DEFAULT 0,
  silenced_count INTEGER NOT NULL DEFAULT 0, suspended_count INTEGER NOT NULL DEFAULT 0,
  rejected_posts_count INTEGER NOT NULL DEFAULT 0, warnings_count INTEGER NOT NULL DEFAULT 0,
  silenced_till INTEGER, silenced_at INTEGER, silenced_by INTEGER, silence_reason TEXT, silenced_post_id INTEGER,
  suspended_till INTEGER, suspended_at INTEGER, suspended_by INTEGER, suspend_reason TEXT,
  logged_out_at INTEGER, deleted_at INTEGER);
CREATE TABLE IF NOT EXISTS categories (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL, color TEXT NOT NULL, parent_id INTEGER,
  description TEXT NOT NULL, locale TEXT, solved INTEGER NOT NULL DEFAULT 0, read_restricted INTEGER NOT NULL DEFAULT 0,
  topic_template TEXT, position INTEGER NOT NULL DEFAULT 0, topic_id INTEGER);
CREATE TABLE IF NOT EXISTS tags (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS topics (
  id INTEGER PRIMARY KEY, title TEXT NOT NULL, slug TEXT NOT NULL, user_id INTEGER NOT NULL, category_id INTEGER,
  archetype TEXT NOT NULL DEFAULT 'regular', created_at INTEGER NOT NULL, last_posted_at INTEGER NOT NULL,
  bumped_at INTEGER NOT NULL, posts_count INTEGER NOT NULL DEFAULT 0, reply_count INTEGER NOT NULL DEFAULT 0,
  highest_post_number INTEGER NOT NULL DEFAULT 0, views INTEGER NOT NULL DEFAULT 0,
  like_count INTEGER NOT NULL DEFAULT 0,
  last_post_user_id INTEGER, visible INTEGER NOT NULL DEFAULT 1, closed INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0, pinned INTEGER NOT NULL DEFAULT 0, pinned_globally INTEGER NOT NULL DEFAULT 0,
  pinned_until INTEGER, accepted_post_id INTEGER, locale TEXT, tags TEXT NOT NULL DEFAULT '[]',
  participants INTEGER NOT NULL DEFAULT 1, is_warning INTEGER NOT NULL DEFAULT 0,
  deleted_at INTEGER, deleted_by INTEGER);
CREATE TABLE IF NOT EXISTS topic_allowed (topic_id INTEGER NOT NULL, user_id INTEGER, group_name TEXT);
CREATE TABLE IF NOT EXISTS posts (
  id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, post_number INTEGER NOT NULL, post_type INTEGER NOT NULL DEFAULT 1,
  user_id INTEGER NOT NULL, raw TEXT NOT NULL, cooked TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  reply_to_post_number INTEGER, reply_count INTEGER NOT NULL DEFAULT 0, like_count INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1, hidden INTEGER NOT NULL DEFAULT 0, hidden_at INTEGER, hidden_reason_id INTEGER,
  deleted_at INTEGER, deleted_by INTEGER, user_deleted INTEGER NOT NULL DEFAULT 0, edit_reason TEXT,
  locked INTEGER NOT NULL DEFAULT 0, wiki INTEGER NOT NULL DEFAULT 0, action_code TEXT, locale TEXT, notice TEXT,
  notice_type TEXT);
CREATE TABLE IF NOT EXISTS revisions (
  id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL, number INTEGER NOT NULL, raw_before TEXT NOT NULL,
  raw_after TEXT NOT NULL, user_id INTEGER NOT NULL, created_at INTEGER NOT NULL, edit_reason TEXT);
CREATE TABLE IF NOT EXISTS reviewables (
  id INTEGER PRIMARY KEY, type TEXT NOT NULL, status INTEGER NOT NULL DEFAULT 0, created_by_id INTEGER NOT NULL,
  target_type TEXT, target_id INTEGER, target_created_by_id INTEGER, topic_id INTEGER, category_id INTEGER,
  score REAL NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0, payload TEXT, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, force_review INTEGER NOT NULL DEFAULT 0, potential_spam INTEGER NOT NULL DEFAULT 0,
  potentially_illegal INTEGER NOT NULL DEFAULT 0, reject_reason TEXT);
CREATE TABLE IF NOT EXISTS reviewable_scores (
  id INTEGER PRIMARY KEY, reviewable_id INTEGER NOT NULL, user_id INTEGER NOT NULL, score_type INTEGER NOT NULL,
  status INTEGER NOT NULL DEFAULT 0, score REAL NOT NULL DEFAULT 1, take_action_bonus REAL NOT NULL DEFAULT 0,
  reason_type TEXT, reason_data TEXT, created_at INTEGER NOT NULL, reviewed_by_id INTEGER, reviewed_at INTEGER,
  message TEXT, meta_topic_id INTEGER);
CREATE TABLE IF NOT EXISTS reviewable_histories (
  id INTEGER PRIMARY KEY, reviewable_id INTEGER NOT NULL, type INTEGER NOT NULL, status INTEGER NOT NULL,
  created_by_id INTEGER NOT NULL, created_at INTEGER NOT NULL, edited TEXT);
CREATE TABLE IF NOT EXISTS reviewable_notes (
  id INTEGER PRIMARY KEY, reviewable_id INTEGER NOT NULL, user_id INTEGER NOT NULL, content TEXT NOT NULL,
  created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS claims (
  id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL UNIQUE, user_id INTEGER NOT NULL,
  automatic INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS penalties (
  id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, kind TEXT NOT NULL, applied_at INTEGER NOT NULL,
  applied_by INTEGER NOT NULL, expires_at INTEGER, reason TEXT, automatic INTEGER NOT NULL DEFAULT 0, post_id INTEGER,
  reviewable_id INTEGER, lifted_at INTEGER);
CREATE TABLE IF NOT EXISTS user_notes (
  id TEXT PRIMARY KEY, user_id INTEGER NOT NULL, raw TEXT NOT NULL, created_by INTEGER NOT NULL,
  created_at INTEGER NOT NULL, post_id INTEGER);
CREATE TABLE IF NOT EXISTS likes (
  post_id INTEGER NOT NULL, user_id INTEGER NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (post_id, user_id));
CREATE TABLE IF NOT EXISTS templates (
  id INTEGER PRIMARY KEY, title TEXT NOT NULL, content TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '[]',
  usages INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS api_keys (
  id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, user_id INTEGER, scopes TEXT, client_id TEXT,
  label TEXT, created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER);
CREATE TABLE IF NOT EXISTS staff_log (
  id INTEGER PRIMARY KEY, action TEXT NOT NULL, acting_user_id INTEGER NOT NULL, target_user_id INTEGER,
  post_id INTEGER,
  topic_id INTEGER, details TEXT, created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS assignments (
  id INTEGER PRIMARY KEY, target_type TEXT NOT NULL, target_id INTEGER NOT NULL, topic_id INTEGER NOT NULL,
  user_id INTEGER, group_name TEXT, note TEXT, status TEXT, assigned_by INTEGER NOT NULL, created_at INTEGER NOT NULL,
  UNIQUE (target_type, target_id));
CREATE TABLE IF NOT EXISTS bookmarks (
  id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, bookmarkable_type TEXT NOT NULL, bookmarkable_id INTEGER NOT NULL,
  topic_id INTEGER NOT NULL, name TEXT, reminder_at INTEGER, auto_delete_preference INTEGER NOT NULL DEFAULT 0,
  pinned INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  UNIQUE (user_id, bookmarkable_type, bookmarkable_id));
CREATE TABLE IF NOT EXISTS topic_users (
  topic_id INTEGER NOT NULL, user_id INTEGER NOT NULL, level INTEGER NOT NULL, PRIMARY KEY (topic_id, user_id));
"""

INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS users_name ON users (username_lower);
CREATE INDEX IF NOT EXISTS posts_topic ON posts (topic_id, post_number);
CREATE INDEX IF NOT EXISTS posts_user ON posts (user_id);
CREATE INDEX IF NOT EXISTS topics_list ON topics (archetype, bumped_at);
CREATE INDEX IF NOT EXISTS topics_user ON topics (user_id);
CREATE INDEX IF NOT EXISTS allowed_topic ON topic_allowed (topic_id);
CREATE INDEX IF NOT EXISTS allowed_user ON topic_allowed (user_id);
CREATE INDEX IF NOT EXISTS reviewables_list ON reviewables (status, score DESC, created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS reviewables_time ON reviewables (status, created_at, id);
CREATE INDEX IF NOT EXISTS reviewables_target ON reviewables (target_id, target_type);
CREATE INDEX IF NOT EXISTS reviewables_author ON reviewables (target_created_by_id);
CREATE INDEX IF NOT EXISTS reviewables_topic ON reviewables (topic_id);
CREATE INDEX IF NOT EXISTS scores_reviewable ON reviewable_scores (reviewable_id);
CREATE INDEX IF NOT EXISTS scores_user ON reviewable_scores (user_id);
CREATE INDEX IF NOT EXISTS histories_reviewable ON reviewable_histories (reviewable_id);
CREATE INDEX IF NOT EXISTS notes_reviewable ON reviewable_notes (reviewable_id);
CREATE INDEX IF NOT EXISTS penalties_user ON penalties (user_id);
CREATE INDEX IF NOT EXISTS user_notes_user ON user_notes (user_id);
CREATE INDEX IF NOT EXISTS revisions_post ON revisions (post_id);
CREATE INDEX IF NOT EXISTS users_created ON users (created_at DESC, username_lower, deleted_at);
CREATE INDEX IF NOT EXISTS users_seen ON users (last_seen_at DESC, username_lower, deleted_at);
CREATE INDEX IF NOT EXISTS users_posts ON users (post_count);
CREATE INDEX IF NOT EXISTS users_liked ON users (likes_received);
CREATE INDEX IF NOT EXISTS users_ip ON users (ip);
CREATE INDEX IF NOT EXISTS users_registration_ip ON users (registration_ip);
CREATE INDEX IF NOT EXISTS users_silenced ON users (silenced_till) WHERE silenced_till IS NOT NULL;
CREATE INDEX IF NOT EXISTS users_suspended ON users (suspended_till) WHERE suspended_till IS NOT NULL;
CREATE INDEX IF NOT EXISTS users_waiting ON users (created_at) WHERE NOT approved;
CREATE INDEX IF NOT EXISTS staff_log_target ON staff_log (target_user_id);
CREATE INDEX IF NOT EXISTS topics_accepted ON topics (accepted_post_id) WHERE accepted_post_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS assignments_topic ON assignments (topic_id);
CREATE INDEX IF NOT EXISTS bookmarks_topic ON bookmarks (user_id, topic_id);
"""

DEFINITIONS = """
UPDATE categories SET topic_id = (SELECT min(id) FROM topics t WHERE t.category_id = categories.id)
WHERE topic_id IS NULL
"""
"""The first topic of a category is the one about it."""
ADDED_COLUMNS = (("categories", "topic_id", "INTEGER"), ("posts", "notice_type", "TEXT"))
"""Columns that worlds made before lack; opening such a world adds them."""
