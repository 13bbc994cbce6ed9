"""A stand-in for the search service of the Open edX forum: looks for words in the forum's own tables.

The app hands every write to its search class and asks it for the ids of threads. Where a site has Elasticsearch,
Typesense or Meilisearch, this one finds threads whose title or text holds all the words. Runs inside the server's own
environment.
"""

# mypy: ignore-errors
from django.db.models import Q
from forum.search import base


class NoDocuments(base.BaseDocumentSearchBackend):
    """Takes every document and keeps none."""

    def index_document(self, index_name, doc_id, document):
        """Forget it."""

    def update_document(self, index_name, doc_id, update_data):
        """Forget it."""

    def delete_document(self, index_name, doc_id):
        """There is none."""


class Threads(base.BaseThreadSearchBackend):
    """Finds the threads of a course that hold all words."""

    def get_thread_ids(
        self, context, group_ids, search_text, sort_criteria=None, commentable_ids=None, course_id=None
    ):
        """The ids as text, the newest first."""
        from forum.backends.mysql.models import CommentThread

        found = CommentThread.objects.filter(course_id=course_id, context=context)
        for word in search_text.split():
            found = found.filter(Q(title__icontains=word) | Q(body__icontains=word))
        return [str(one) for one in found.order_by("-created_at").values_list("pk", flat=True)]

    def get_suggested_text(self, search_text):
        """No suggestion."""
        return None


class WordSearch(base.BaseSearchBackend):
    """What `FORUM_SEARCH_BACKEND` names."""

    DOCUMENT_SEARCH_CLASS = NoDocuments
    INDEX_SEARCH_CLASS = base.BaseIndexSearchBackend
    THREAD_SEARCH_CLASS = Threads
