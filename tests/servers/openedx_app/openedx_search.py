"""A search engine for the Open edX forum that indexes nothing and finds nothing.

The app calls its search class on every write. The tests use no full text search, so this one stands where a site has
Elasticsearch, Typesense or Meilisearch. Runs inside the server's own environment.
"""

# mypy: ignore-errors
from forum.search import base


class NoDocuments(base.BaseDocumentSearchBackend):
    """Takes every document and keeps none."""

    def index_document(self, index_name, doc_id, document):
        """Forget it."""

    def update_document(self, index_name, doc_id, update_data):
        """Forget it."""

    def delete_document(self, index_name, doc_id):
        """There is none."""


class NoThreads(base.BaseThreadSearchBackend):
    """Finds no thread for any text."""

    def get_thread_ids(self, *args, **kwargs):
        """No hits."""
        return []

    def get_suggested_text(self, search_text):
        """No suggestion."""
        return None


class NoSearch(base.BaseSearchBackend):
    """What `FORUM_SEARCH_BACKEND` names."""

    DOCUMENT_SEARCH_CLASS = NoDocuments
    INDEX_SEARCH_CLASS = base.BaseIndexSearchBackend
    THREAD_SEARCH_CLASS = NoThreads
